import { KafkaError } from '../../../protocol/errors.ts'
import type { listConfigResources } from '../../../protocol/messages/list-config-resources.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext, Services } from '../context.ts'
import { configResourceTypes } from './config-resource-types.ts'

/* ListConfigResources. 0: client metrics subscriptions alone (KIP-1000) · 1: every type, none named meaning all (KIP-1142) */

type Request = RequestOf<typeof listConfigResources>
type Response = ResponseOf<typeof listConfigResources>

const { topic, broker, brokerLogger, clientMetrics, group } = configResourceTypes
/** In Kafka's order of an answer. */
const listedTypes: readonly number[] = [group, clientMetrics, brokerLogger, broker, topic]

export function handleListConfigResources(request: Request, { services, version }: RequestContext): Response {
  const asked = version === 0 ? [clientMetrics] : request.resourceTypes
  const unknown = asked.find((type) => !listedTypes.includes(type))
  if (unknown !== undefined) throw new KafkaError('UNSUPPORTED_VERSION', `Unsupported resource type ${unknown}`)
  const types = asked.length === 0 ? listedTypes : listedTypes.filter((type) => asked.includes(type))
  return {
    errorCode: 0,
    configResources: types.flatMap((resourceType) =>
      namesOf(resourceType, services).map((resourceName) => ({ resourceType, resourceName })),
    ),
  }
}

/** Topics and brokers are listed all, subscriptions and groups where something is set. */
function namesOf(resourceType: number, { cluster }: Services): string[] {
  const { image } = cluster
  switch (resourceType) {
    case topic:
      return [...image.topicsByName.keys()]
    case broker:
    case brokerLogger:
      return [...image.brokers.keys()].map(String)
    default:
      return [...(image.configs.get(resourceType)?.keys() ?? [])]
  }
}
