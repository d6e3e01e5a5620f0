import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { registerControllerRecord } from '../../protocol/metadata-records/register-controller-record.ts'
import { unregisterBrokerRecord } from '../../protocol/metadata-records/unregister-broker-record.ts'
import {
  hasCordonedLogDirs,
  hasDirectories,
  hasTransactions,
  keepsEligibleLeaders,
  metadataVersionOf,
  supportedFeatures,
} from './feature-levels.ts'
import {
  type BrokerRegistration,
  ConfigResource,
  type Endpoint,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
} from './metadata-image.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { type MetadataRecord, metadataRecord } from './metadata-record.ts'
import {
  type PartitionChange,
  recordOfBroker,
  recordOfBrokerChange,
  recordOfConfig,
  recordOfPartitionChange,
} from './metadata-record-builders.ts'
import { snapshotRecords } from './snapshot-records.ts'

/** A node of this process, as it registers. */
export interface NodeRegistration {
  readonly id: number
  readonly rack: string | null
  readonly endpoints: readonly Endpoint[]
}

/** Where a Kafka that takes the directory over finds the controller, until it says otherwise. */
export const controllerEndpoint: Endpoint = { name: 'CONTROLLER', host: '127.0.0.1', port: 9093, securityProtocol: 0 }

/** Throws MetadataLogRefused if a partition has replicas that no node of this process can be. */
export function checkReplicas(image: MetadataImage, nodeIds: ReadonlySet<number>): void {
  for (const topic of image.topicsById.values()) {
    for (const { partition, replicas } of topic.partitions) {
      const other = replicas.find((id) => !nodeIds.has(id))
      if (other === undefined) continue
      throw new MetadataLogRefused(
        `Partition ${topic.name}-${partition} has a replica on broker ${other}, and only data whose every replica is on broker ${[...nodeIds].join(', ')} can be continued.`,
      )
    }
  }
}

/** The first records of a cluster that was never started: its features, and what else `format` was asked for. */
export function bootstrapRecords(image: MetadataImage, minInsyncReplicas: string): readonly MetadataRecord[] {
  // With KIP-966 the setting counts for the whole cluster, so Kafka fixes it there.
  const fixed = keepsEligibleLeaders(image)
    ? [recordOfConfig(ConfigResource.broker, '', 'min.insync.replicas', minInsyncReplicas)]
    : []
  const records = [...snapshotRecords(image), ...fixed]
  if (!hasTransactions(metadataVersionOf(image))) return records
  const begin = metadataRecord(beginTransactionRecord, { name: 'Bootstrap records' })
  return [begin, ...records, metadataRecord(endTransactionRecord, {})]
}

export function controllerRegistration(nodeId: number, incarnationId: string): MetadataRecord {
  return metadataRecord(registerControllerRecord, {
    controllerId: nodeId,
    incarnationId,
    zkMigrationReady: false,
    endPoints: [controllerEndpoint],
    features: supportedFeatures,
  })
}

/**
 * The registrations of a start. Every start makes new ones, as Kafka's does: nothing else ends the controlled shutdown
 * that the last stop announced. A broker that is registered, is no node of ours and holds no replica is gone.
 */
export function registrations(
  image: MetadataImage,
  nodes: readonly NodeRegistration[],
  facts: { readonly brokerEpoch: bigint; readonly directoryIds: readonly string[]; readonly newIncarnationId: () => string },
): readonly MetadataRecord[] {
  const ours = new Set(nodes.map((node) => node.id))
  const gone = [...image.brokers.values()].filter((broker) => !ours.has(broker.brokerId))
  return [
    ...gone.map(({ brokerId, brokerEpoch }) => metadataRecord(unregisterBrokerRecord, { brokerId, brokerEpoch })),
    ...nodes.map((node) =>
      recordOfBroker({
        brokerId: node.id,
        brokerEpoch: facts.brokerEpoch,
        incarnationId: facts.newIncarnationId(),
        endpoints: node.endpoints,
        features: supportedFeatures,
        rack: node.rack,
        fenced: true,
        inControlledShutdown: false,
        isMigratingZkBroker: false,
        logDirs: hasDirectories(metadataVersionOf(image)) ? facts.directoryIds : [],
        cordonedLogDirs: hasCordonedLogDirs(metadataVersionOf(image)) ? [] : null,
      }),
    ),
  ]
}

/**
 * Lets the nodes in and elects a leader for every partition. Naming the leader raises the leader epoch, also where it is
 * the same: consumers find out by it that the log may have lost its tail (KIP-320). `directoryIdOf`: where a partition is; null where
 * what the image says of it is to stay.
 */
export function electionRecords(
  image: MetadataImage,
  nodes: readonly NodeRegistration[],
  directoryIdOf: (topic: TopicImage, partition: PartitionImage) => string | null,
): readonly MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const node of nodes) {
    const registered = image.brokers.get(node.id)
    if (registered !== undefined) records.push(recordOfBrokerChange(registered, { fenced: false }))
  }
  const knowsDirectories = hasDirectories(metadataVersionOf(image))
  for (const topic of image.topicsById.values()) {
    for (const partition of topic.partitions) {
      const directoryId = knowsDirectories ? directoryIdOf(topic, partition) : null
      records.push(recordOfPartitionChange(topic.id, partition.partition, election(partition, directoryId)))
    }
  }
  return records
}

function election(partition: PartitionImage, directoryId: string | null): PartitionChange {
  const { replicas, isr, directories, eligibleLeaderReplicas, lastKnownElr } = partition
  const inSync = isr.length === replicas.length && isr.every((id, index) => id === replicas[index])
  const moved = directoryId !== null && directories.some((id) => id !== directoryId)
  return {
    leader: replicas[0] ?? -1,
    ...(inSync ? {} : { isr: replicas }),
    ...(moved && directoryId !== null ? { directories: replicas.map(() => directoryId) } : {}),
    ...(eligibleLeaderReplicas.length > 0 ? { eligibleLeaderReplicas: [] } : {}),
    ...(lastKnownElr.length > 0 ? { lastKnownElr: [] } : {}),
  }
}

/**
 * A clean stop, in the order of Kafka's controlled shutdown: the brokers announce it, no partition has a leader any more
 * and those in sync are named as the ones that may lead again, the brokers are fenced.
 */
export function stopRecords(image: MetadataImage, nodeIds: readonly number[]): readonly (readonly MetadataRecord[])[] {
  const registered = nodeIds
    .map((id) => image.brokers.get(id))
    .filter((broker): broker is BrokerRegistration => broker !== undefined)
  const eligible = keepsEligibleLeaders(image)
  const changes: MetadataRecord[] = registered.map((broker) => recordOfBrokerChange(broker, { inControlledShutdown: true }))
  for (const topic of image.topicsById.values()) {
    for (const { partition, isr } of topic.partitions) {
      const kept = { isr: [], eligibleLeaderReplicas: isr, lastKnownElr: isr.slice(0, 1) }
      changes.push(recordOfPartitionChange(topic.id, partition, { leader: -1, ...(eligible && isr.length > 0 ? kept : {}) }))
    }
  }
  return [changes, registered.map((broker) => recordOfBrokerChange(broker, { fenced: true }))]
}
