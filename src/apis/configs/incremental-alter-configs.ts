import type { incrementalAlterConfigs } from '../../../protocol/messages/incremental-alter-configs.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { decideIncrementalConfigChange } from '../../cluster/config-changes.ts'
import type { RequestContext } from '../context.ts'
import { configResult } from './config-result.ts'

/* IncrementalAlterConfigs (KIP-339). 1: flexible */

type Request = RequestOf<typeof incrementalAlterConfigs>
type Response = ResponseOf<typeof incrementalAlterConfigs>

export async function handleIncrementalAlterConfigs(request: Request, { services }: RequestContext): Promise<Response> {
  const { cluster, node } = services
  const options = { config: node.config, nodeId: node.id, validateOnly: request.validateOnly }
  const changed = await cluster.change((image) => decideIncrementalConfigChange(image, request.resources, options))
  return { responses: changed.map(configResult) }
}
