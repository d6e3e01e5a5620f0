import { KafkaError } from '../../protocol/errors.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { brokerSetting } from '../config/broker-settings.ts'
import { checkClientMetricsOverrides, clientMetricsSetting } from '../config/client-metrics-config.ts'
import { applyConfigChanges, type ConfigChange, checkConfigChanges, configOperations } from '../config/config-operations.ts'
import { checkBrokerOverrides } from '../config/dynamic-broker-config.ts'
import { checkGroupOverrides } from '../config/group-config.ts'
import { groupResourceSettings, isGroupSetting } from '../config/group-settings.ts'
import type { Setting } from '../config/setting.ts'
import { checkTopicOverrides } from '../config/topic-config.ts'
import { isTopicSetting, topicSettings } from '../config/topic-settings.ts'
import type { Decision } from './cluster.ts'
import { keepsEligibleLeaders } from './feature-levels.ts'
import { ConfigResource, type ConfigValues, configsOf, type MetadataImage } from './metadata-image.ts'
import type { MetadataRecord } from './metadata-record.ts'
import { recordOfConfig } from './metadata-record-builders.ts'
import { checkValueSizes, clearedEligibleLeaders } from './topic-creation.ts'
import { checkTopicName } from './topic-names.ts'

/** What IncrementalAlterConfigs asks of one resource. */
export interface IncrementalConfigChange {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly { readonly name: string; readonly configOperation: number; readonly value: string | null }[]
}

/** What AlterConfigs asks of one resource: all that is to be set on it. */
export interface ConfigReplacement {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

export interface ConfigChanged {
  readonly resourceType: number
  readonly resourceName: string
  readonly error: KafkaError | null
}

export interface ConfigChangeOptions {
  readonly config: BrokerConfig
  /** The broker that was asked: only its own settings, and those of all brokers, may be changed through it. */
  readonly nodeId: number
  readonly validateOnly: boolean
}

/** One result for each resource, in the order of the request; one that is named twice is refused each time. */
export function decideIncrementalConfigChange(
  image: MetadataImage,
  resources: readonly IncrementalConfigChange[],
  options: ConfigChangeOptions,
): Decision<readonly ConfigChanged[]> {
  return decideEach(image, resources, options, ({ resourceType, resourceName, configs }) => {
    const changes = configs.map(({ name, configOperation, value }) => ({ name, operation: configOperation, value }))
    checkConfigChanges(changes)
    const current = configsOf(image, resourceType, resourceName)
    return {
      current,
      wanted: applyConfigChanges(current, changes, settingsOf(resourceType)),
      touched: changes.map(({ name }) => name),
    }
  })
}

/** As `decideIncrementalConfigChange`; what is set now and not named any more is removed. */
export function decideConfigReplacement(
  image: MetadataImage,
  resources: readonly ConfigReplacement[],
  options: ConfigChangeOptions,
): Decision<readonly ConfigChanged[]> {
  return decideEach(image, resources, options, ({ resourceType, resourceName, configs }) => {
    const changes: ConfigChange[] = configs.map(({ name, value }) => ({ name, operation: configOperations.set, value }))
    checkConfigChanges(changes)
    const current = configsOf(image, resourceType, resourceName)
    const wanted = applyConfigChanges(new Map(), changes, settingsOf(resourceType))
    return { current, wanted, touched: [...new Set([...wanted.keys(), ...current.keys()])] }
  })
}

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

interface Wanted {
  readonly current: ConfigValues
  readonly wanted: ConfigValues
  /** The names that the request speaks of, be it by leaving them out. */
  readonly touched: readonly string[]
}

function decideEach<R extends Resource>(
  image: MetadataImage,
  resources: readonly R[],
  options: ConfigChangeOptions,
  want: (resource: R) => Wanted,
): Decision<readonly ConfigChanged[]> {
  const keyOf = ({ resourceType, resourceName }: Resource): string => `${resourceType} ${resourceName}`
  const counts = new Map<string, number>()
  for (const resource of resources) counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1)
  const records: MetadataRecord[] = []
  const result = resources.map((resource): ConfigChanged => {
    const { resourceType, resourceName } = resource
    try {
      if (counts.get(keyOf(resource)) !== 1) {
        throw new KafkaError('INVALID_REQUEST', 'Each resource must appear at most once.')
      }
      checkResource(resource, options)
      records.push(...changeResource(image, resource, want(resource), options))
      return { resourceType, resourceName, error: null }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return { resourceType, resourceName, error }
    }
  })
  return { records: options.validateOnly ? [] : records, result }
}

function settingsOf(resourceType: number): (name: string) => Setting | null {
  switch (resourceType) {
    case ConfigResource.topic:
      return (name) => (isTopicSetting(name) ? topicSettings[name] : null)
    case ConfigResource.group:
      return (name) => (isGroupSetting(name) ? groupResourceSettings[name] : null)
    case ConfigResource.clientMetrics:
      return clientMetricsSetting
    default:
      return brokerSetting
  }
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message)

function checkResource({ resourceType, resourceName }: Resource, options: ConfigChangeOptions): void {
  switch (resourceType) {
    case ConfigResource.topic:
      if (resourceName === '') throw invalid('Default topic resources are not allowed.')
      checkTopicName(resourceName)
      return
    case ConfigResource.broker:
      if (resourceName === '') return
      if (!/^[+-]?\d+$/.test(resourceName)) throw invalid(`Node id must be an integer, but it is: ${resourceName}`)
      if (Number(resourceName) === options.nodeId) return
      throw invalid(`Unexpected broker id, expected ${options.nodeId}, but received ${resourceName}`)
    case ConfigResource.group:
      if (resourceName === '') throw invalid('Default group resources are not allowed.')
      return
    case ConfigResource.clientMetrics:
      if (resourceName === '') throw invalid("Subscription name can't be empty")
      return
    default:
      throw invalid(`Unknown resource type ${resourceType}`)
  }
}

function changeResource(
  image: MetadataImage,
  { resourceType, resourceName }: Resource,
  { current, wanted, touched }: Wanted,
  { config }: ConfigChangeOptions,
): readonly MetadataRecord[] {
  const kept = checkValues(resourceType, resourceName, wanted, config)
  checkValueSizes(kept.values())
  if (resourceType === ConfigResource.topic && !image.topicsByName.has(resourceName)) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${resourceName}' does not exist.`)
  }
  // A broker's setting is written though it stays the same: its nodes read their files again (KAFKA-14136).
  const always = resourceType === ConfigResource.broker
  const changed = touched.filter((name) => always || current.get(name) !== kept.get(name))
  if (resourceType === ConfigResource.broker) refuseWhatIsReadAtStart(changed, current, kept)
  const records = changed.map((name) => recordOfConfig(resourceType, resourceName, name, kept.get(name) ?? null))
  return [...records, ...followsMinInsyncReplicas(image, { resourceType, resourceName }, new Set(changed), kept)]
}

/** Kafka changes these while it runs. Here they hold from the start on, so that a change would be taken and do nothing. */
const readAtStart: ReadonlySet<string> = new Set([
  'listeners',
  'listener.security.protocol.map',
  'max.connections',
  'max.connections.per.ip',
  'max.connections.per.ip.overrides',
  'producer.id.expiration.ms',
])

function refuseWhatIsReadAtStart(changed: readonly string[], current: ConfigValues, kept: ConfigValues): void {
  const names = changed.filter((name) => {
    const setting = name.replace(/^listener\.name\.[^.]+\./, '')
    // What a directory brought along may be removed.
    return readAtStart.has(setting) && kept.has(name) && kept.get(name) !== current.get(name)
  })
  if (names.length === 0) return
  throw invalid(`These configs are read when the broker starts and cannot be updated dynamically: [${names.join(', ')}]`)
}

/** Throws as Kafka does where the values cannot be; gives those that are to be kept. */
function checkValues(resourceType: number, resourceName: string, wanted: ConfigValues, config: BrokerConfig): ConfigValues {
  switch (resourceType) {
    case ConfigResource.topic:
      return checkTopicOverrides(wanted, config)
    case ConfigResource.group:
      checkGroupOverrides(wanted, config)
      return wanted
    case ConfigResource.clientMetrics:
      checkClientMetricsOverrides(wanted)
      return wanted
    default:
      checkBrokerOverrides(wanted, resourceName === '' ? 'all nodes' : 'node')
      return wanted
  }
}

/** KIP-966: the setting decides who may lead, so it is fixed for all brokers alike, and a change empties the eligible ones. */
function followsMinInsyncReplicas(
  image: MetadataImage,
  { resourceType, resourceName }: Resource,
  changed: ReadonlySet<string>,
  kept: ConfigValues,
): readonly MetadataRecord[] {
  const name = 'min.insync.replicas'
  if (!changed.has(name) || !keepsEligibleLeaders(image)) return []
  if (resourceType === ConfigResource.topic) return clearedEligibleLeaders(image, resourceName, changed)
  if (resourceType !== ConfigResource.broker) return []
  if (resourceName !== '') {
    throw new KafkaError('INVALID_CONFIG', 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.')
  }
  if (!kept.has(name)) {
    throw new KafkaError('INVALID_CONFIG', 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.')
  }
  return clearedEligibleLeaders(image, '', changed)
}
