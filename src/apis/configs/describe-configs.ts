import { KafkaError } from '../../../protocol/errors.ts'
import type { describeConfigs } from '../../../protocol/messages/describe-configs.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { configsOf } from '../../cluster/metadata-image.ts'
import { checkTopicName } from '../../cluster/topic-names.ts'
import {
  type ConfigEntry,
  configSources,
  describeAllBrokers,
  describeBroker,
  describeClientMetrics,
  describeGroup,
  describeTopic,
} from '../../config/describe-config.ts'
import type { RequestContext, Services } from '../context.ts'
import { refusalOf } from '../refused.ts'
import { describeBrokerLogger } from './broker-logger.ts'
import { configResourceTypes } from './config-resource-types.ts'

/* DescribeConfigs (KIP-133). 0: whether a value is a default · 1: sources and synonyms (KIP-226) · 3: types, documentation (KIP-569) · 4: flexible */

type Request = RequestOf<typeof describeConfigs>
type Response = ResponseOf<typeof describeConfigs>
type Resource = Request['resources'][number]
type Result = Response['results'][number]

const { topic, broker, brokerLogger, clientMetrics, group } = configResourceTypes
const knownTypes: ReadonlySet<number> = new Set(Object.values(configResourceTypes))

export function handleDescribeConfigs(request: Request, { services }: RequestContext): Response {
  const unknown = request.resources.find(({ resourceType }) => !knownTypes.has(resourceType))
  if (unknown !== undefined) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `Unexpected resource type ${unknown.resourceType} for resource ${unknown.resourceName}`,
    )
  }
  return { results: request.resources.map((resource) => describe(resource, request, services)) }
}

function describe(resource: Resource, request: Request, services: Services): Result {
  const { resourceType, resourceName, configurationKeys } = resource
  // Neither a null list nor an empty one leaves anything out.
  const asked = configurationKeys === null || configurationKeys.length === 0 ? null : new Set(configurationKeys)
  try {
    const entries = entriesOf(resource, services).filter(({ name }) => asked === null || asked.has(name))
    const configs = entries.map((entry) => configResponse(entry, request))
    return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs }
  } catch (error) {
    const { errorCode, message } = refusalOf(error)
    return { errorCode, errorMessage: message, resourceType, resourceName, configs: [] }
  }
}

function entriesOf({ resourceType, resourceName: name }: Resource, services: Services): readonly ConfigEntry[] {
  const { cluster, node, environment } = services
  const set = configsOf(cluster.image, resourceType, name)
  switch (resourceType) {
    case topic:
      checkTopicName(name)
      if (!cluster.image.topicsByName.has(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      return describeTopic(set, node.config)
    case broker:
      if (name === '') return describeAllBrokers(node.config)
      checkBrokerId(name, node.id, `${node.id} or empty string,`)
      return describeBroker(node.config)
    case brokerLogger:
      if (name === '') throw new KafkaError('INVALID_REQUEST', 'Broker id must not be empty')
      checkBrokerId(name, node.id, `${node.id}`)
      return describeBrokerLogger(environment.logger)
    case clientMetrics:
      if (name === '') throw new KafkaError('INVALID_REQUEST', 'Client metrics subscription name must not be empty')
      return describeClientMetrics(set)
    case group:
      if (name === '') throw new KafkaError('INVALID_REQUEST', 'Group name must not be empty')
      return describeGroup(set, node.config)
    default:
      return []
  }
}

/** A broker tells its own settings only: clients ask each of them. */
function checkBrokerId(name: string, nodeId: number, expected: string): void {
  if (!/^[+-]?\d+$/.test(name)) {
    throw new KafkaError('INVALID_REQUEST', `Broker id must be an integer, but it is: ${name}`)
  }
  if (Number(name) === nodeId) return
  throw new KafkaError('INVALID_REQUEST', `Unexpected broker id, expected ${expected} but received ${name}`)
}

function configResponse(entry: ConfigEntry, { includeSynonyms, includeDocumentation }: Request): Result['configs'][number] {
  return {
    name: entry.name,
    value: entry.value,
    readOnly: entry.readOnly,
    isDefault: entry.source === configSources.default,
    configSource: entry.source,
    isSensitive: entry.sensitive,
    synonyms: includeSynonyms ? entry.synonyms : [],
    configType: entry.type,
    documentation: includeDocumentation ? entry.documentation : null,
  }
}
