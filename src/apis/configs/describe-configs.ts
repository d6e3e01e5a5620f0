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
  const alike: Alike = new Map()
  const results: Result[] = []
  let room = CONFIGS_MAX
  for (const resource of merged(request.resources)) {
    const result = room > 0 ? describe(resource, request, services, alike) : refused(resource, tooMany())
    room -= result.configs.length
    results.push(result)
  }
  return { results }
}

/**
 * What one answer holds at most. All settings of ten thousand topics fit; a group needs no more than a name to be described, so that a
 * small request could else ask for more than there is memory.
 */
const CONFIGS_MAX = 500_000

const tooMany = (): KafkaError =>
  new KafkaError('INVALID_REQUEST', `One request is told no more than ${CONFIGS_MAX} settings: ask for fewer resources.`)

/** What is alike whatever the resource's name: topics and groups that nothing was set for, and the broker, whose id may be written 1, 01, +1. */
type Alike = Map<number, Result['configs']>

/** Each resource once, with all the settings that are asked of it: clients send none twice, and nobody is to multiply the answer. */
function merged(resources: readonly Resource[]): Iterable<Resource> {
  const byName = new Map<string, Resource>()
  for (const resource of resources) {
    const key = `${resource.resourceType} ${resource.resourceName}`
    const before = byName.get(key)
    if (before === undefined) byName.set(key, { ...resource, configurationKeys: keysOf(resource) })
    else byName.set(key, { ...before, configurationKeys: addedKeys(before, resource) })
  }
  return byName.values()
}

/** Neither a null list nor an empty one leaves anything out. The list is the merger's own. */
const keysOf = ({ configurationKeys: keys }: Resource): string[] | null => (keys === null || keys.length === 0 ? null : [...keys])

function addedKeys({ configurationKeys: keys }: Resource, added: Resource): string[] | null {
  const more = keysOf(added)
  if (keys === null || more === null) return null
  const all = keys as string[]
  for (const key of more) all.push(key)
  return all
}

function describe(resource: Resource, request: Request, services: Services, alike: Alike): Result {
  const { resourceType, resourceName, configurationKeys } = resource
  try {
    const all = configsFor(resource, request, services, alike)
    const asked = configurationKeys === null ? null : new Set(configurationKeys)
    const configs = asked === null ? all : all.filter(({ name }) => asked.has(name))
    return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs }
  } catch (error) {
    return refused(resource, refusalOf(error))
  }
}

const refused = ({ resourceType, resourceName }: Resource, { errorCode, message }: KafkaError): Result => ({
  errorCode,
  errorMessage: message,
  resourceType,
  resourceName,
  configs: [],
})

function configsFor(resource: Resource, request: Request, services: Services, alike: Alike): Result['configs'] {
  const { resourceType, resourceName } = resource
  checkResource(resource, services)
  const set = configsOf(services.cluster.image, resourceType, resourceName)
  const isShared =
    resourceType === broker ? resourceName !== '' : set.size === 0 && (resourceType === topic || resourceType === group)
  const known = isShared ? alike.get(resourceType) : undefined
  if (known !== undefined) return known
  const configs = entriesOf(resource, set, services).map((entry) => configResponse(entry, request))
  if (isShared) alike.set(resourceType, configs)
  return configs
}

function checkResource({ resourceType, resourceName: name }: Resource, { cluster, node }: Services): void {
  const isEmpty = name === ''
  if (resourceType === topic) {
    checkTopicName(name)
    if (!cluster.image.topicsByName.has(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  } else if (resourceType === broker) {
    if (!isEmpty) checkBrokerId(name, node.id, `${node.id} or empty string,`)
  } else if (resourceType === brokerLogger) {
    if (isEmpty) throw new KafkaError('INVALID_REQUEST', 'Broker id must not be empty')
    checkBrokerId(name, node.id, `${node.id}`)
  } else if (resourceType === clientMetrics) {
    if (isEmpty) throw new KafkaError('INVALID_REQUEST', 'Client metrics subscription name must not be empty')
  } else if (isEmpty) {
    throw new KafkaError('INVALID_REQUEST', 'Group name must not be empty')
  }
}

function entriesOf(
  { resourceType, resourceName: name }: Resource,
  set: ReadonlyMap<string, string>,
  { node, environment }: Services,
): readonly ConfigEntry[] {
  switch (resourceType) {
    case topic:
      return describeTopic(set, node.config)
    case broker:
      return name === '' ? describeAllBrokers(node.config) : describeBroker(node.config)
    case brokerLogger:
      return describeBrokerLogger(environment.logger)
    case clientMetrics:
      return describeClientMetrics(set)
    case group:
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
