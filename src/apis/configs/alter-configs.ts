import type { alterConfigs } from '../../../protocol/messages/alter-configs.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { decideConfigReplacement } from '../../cluster/config-changes.ts'
import type { RequestContext } from '../context.ts'
import { configResult } from './config-result.ts'

/* AlterConfigs (KIP-133): what is not named is reset, for which reason clients now use IncrementalAlterConfigs. 2: flexible */

type Request = RequestOf<typeof alterConfigs>
type Response = ResponseOf<typeof alterConfigs>

export async function handleAlterConfigs(request: Request, { services }: RequestContext): Promise<Response> {
  const { cluster, node } = services
  const options = { config: node.config, nodeId: node.id, validateOnly: request.validateOnly }
  const changed = await cluster.change((image) => decideConfigReplacement(image, request.resources, options))
  return { responses: changed.map(configResult) }
}
