import type { Environment } from '../environment/environment.ts'
import type { PartitionId, Storage } from '../storage/storage.ts'
import { controllerEndpoint } from './cluster-start.ts'
import { metadataVersionOf, newClusterFeatures, unformattedFeatures } from './feature-levels.ts'
import { decodeMetaProperties, encodeMetaProperties, META_PROPERTIES_FILE, type MetaProperties } from './meta-properties.ts'
import { encodeRecordValue } from './metadata-batch.ts'
import type { MetadataImage } from './metadata-image.ts'
import { metadataPartition } from './metadata-log.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { recordOfFeature } from './metadata-record-builders.ts'
import { MetadataReplayer, type VotersValue } from './metadata-replayer.ts'
import { BOOTSTRAP_FILE, encodeSnapshot, snapshotName } from './metadata-snapshot.ts'
import { METADATA_TOPIC } from './topic-names.ts'

/** Whose the data is; `formatted`: it was nobody's, and is now. */
export interface DirectoryIdentity {
  readonly clusterId: string
  readonly directoryId: string
  readonly formatted: boolean
}

interface IdentityOptions {
  readonly storage: Storage
  readonly partitions: readonly PartitionId[]
  readonly environment: Environment
  readonly nodeId: number
  /** Null: whatever is there, a random one for a new directory. */
  readonly clusterId: string | null
}

const bootstrapId = { endOffset: 0n, epoch: 0 }

/** Reads whose the directory is, or formats a new one as Kafka's `format --standalone` does. Throws MetadataLogRefused. */
export async function takeDirectory(options: IdentityOptions): Promise<DirectoryIdentity> {
  const { storage, nodeId, environment } = options
  const bytes = await storage.files.load(META_PROPERTIES_FILE)
  if (bytes === null) return format(options)
  const properties = decodeMetaProperties(bytes)
  if (properties.nodeId !== nodeId) {
    throw new MetadataLogRefused(
      `The data directory belongs to node ${properties.nodeId}, and this is node ${nodeId}: set node.id to ${properties.nodeId}.`,
    )
  }
  if (options.clusterId !== null && options.clusterId !== properties.clusterId) {
    throw new MetadataLogRefused(
      `The data directory belongs to the cluster ${properties.clusterId}, not to ${options.clusterId}.`,
    )
  }
  const directoryId = properties.directoryId ?? environment.random.uuid()
  if (properties.directoryId === null) await save(storage, { ...properties, directoryId })
  return { clusterId: properties.clusterId, directoryId, formatted: false }
}

async function format({ storage, partitions, environment, nodeId, clusterId }: IdentityOptions): Promise<DirectoryIdentity> {
  const topics = partitions.filter((partition) => partition.topic !== METADATA_TOPIC)
  if (topics.length > 0) {
    throw new MetadataLogRefused(
      `The data directory has no meta.properties, but ${topics.length} partitions, ${nameOf(topics[0] as PartitionId)} among them: it is not known whose they are.`,
    )
  }
  const identity = { clusterId: clusterId ?? environment.random.uuid(), nodeId, directoryId: environment.random.uuid() }
  const nowMs = BigInt(environment.time.nowMs())
  const values = newClusterFeatures.map(([name, level]) => encodeRecordValue(recordOfFeature(name, level), 0))
  const snapshot = { id: bootstrapId, lastContainedTimestampMs: 0n, nowMs }
  await storage.files.save(BOOTSTRAP_FILE, encodeSnapshot({ ...snapshot, voters: null, values }))
  const voters = encodeSnapshot({
    ...snapshot,
    lastContainedTimestampMs: nowMs,
    voters: votersOf(nodeId, identity.directoryId),
    values: [],
  })
  await saveFirstSnapshot(storage, voters)
  // Last, since it is what says that the directory is formatted.
  await save(storage, identity)
  return { ...identity, formatted: true }
}

const nameOf = (id: PartitionId): string => `${id.topic}-${id.partition}`

const save = (storage: Storage, properties: MetaProperties): Promise<void> =>
  storage.files.save(META_PROPERTIES_FILE, encodeMetaProperties(properties))

async function saveFirstSnapshot(storage: Storage, bytes: Buffer): Promise<void> {
  const events = { written: () => {}, durable: () => {}, failed: () => {} }
  const partition = await storage.openPartition(metadataPartition, { onCorruption: 'refuse', fence: 0, events })
  if (partition.endOffset > 0n) {
    throw new MetadataLogRefused('The data directory has a metadata log, but no meta.properties: it is not known whose it is.')
  }
  await partition.checkpoints.save(snapshotName(bootstrapId), bytes)
  await partition.close()
}

function votersOf(nodeId: number, directoryId: string): VotersValue {
  const { name, host, port } = controllerEndpoint
  const kRaftVersionFeature = { minSupportedVersion: 0, maxSupportedVersion: 1 }
  return {
    version: 0,
    voters: [{ voterId: nodeId, voterDirectoryId: directoryId, endpoints: [{ name, host, port }], kRaftVersionFeature }],
  }
}

/** What a formatted directory is to begin with: features, and the users that `format` was asked for. */
export async function bootstrapImage(storage: Storage): Promise<MetadataImage> {
  const bytes = await storage.files.load(BOOTSTRAP_FILE)
  const replayer = new MetadataReplayer()
  // Under any name but 0-0 its records count.
  if (bytes !== null) replayer.readSnapshot(bytes, 1n, 0)
  const image = replayer.finish()
  return metadataVersionOf(image) > 0 ? image : { ...image, features: new Map(unformattedFeatures) }
}
