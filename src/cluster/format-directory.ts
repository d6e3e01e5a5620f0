import type { Environment } from '../environment/environment.ts'
import type { Storage, StorageDirectory } from '../storage/storage.ts'
import { controllerEndpoint } from './cluster-start.ts'
import { newClusterFeatures } from './feature-levels.ts'
import { encodeMetaProperties, META_PROPERTIES_FILE } from './meta-properties.ts'
import { encodeRecordValue } from './metadata-batch.ts'
import { metadataPartition } from './metadata-log.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { recordOfFeature } from './metadata-record-builders.ts'
import type { VotersValue } from './metadata-replayer.ts'
import { BOOTSTRAP_FILE, encodeSnapshot, snapshotName } from './metadata-snapshot.ts'

interface FormatOptions {
  readonly storage: Storage
  readonly directory: StorageDirectory
  readonly environment: Environment
  readonly identity: { readonly clusterId: string; readonly nodeId: number; readonly directoryId: string }
}

const bootstrapId = { endOffset: 0n, epoch: 0 }

/** Leaves what Kafka's `format --standalone` does: in the first directory also the snapshot that names the one voter. */
export async function formatDirectory({ storage, directory, environment, identity }: FormatOptions): Promise<void> {
  const nowMs = BigInt(environment.time.nowMs())
  const values = newClusterFeatures.map(([name, level]) => encodeRecordValue(recordOfFeature(name, level), 0))
  const snapshot = { id: bootstrapId, lastContainedTimestampMs: 0n, nowMs }
  await directory.files.save(BOOTSTRAP_FILE, encodeSnapshot({ ...snapshot, voters: null, values }))
  if (directory === storage.directories()[0]) {
    const voters = votersOf(identity.nodeId, identity.directoryId)
    await saveFirstSnapshot(storage, encodeSnapshot({ ...snapshot, lastContainedTimestampMs: nowMs, voters, values: [] }))
  }
  // Last, since it is what says that the directory is formatted.
  await directory.files.save(META_PROPERTIES_FILE, encodeMetaProperties(identity))
}

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
