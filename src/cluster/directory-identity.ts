import type { Environment } from '../environment/environment.ts'
import { type FoundPartition, type Storage, type StorageDirectory, StorageError } from '../storage/storage.ts'
import { metadataVersionOf, unformattedFeatures } from './feature-levels.ts'
import { formatDirectory } from './format-directory.ts'
import { decodeMetaProperties, encodeMetaProperties, META_PROPERTIES_FILE, type MetaProperties } from './meta-properties.ts'
import type { MetadataImage } from './metadata-image.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { MetadataReplayer } from './metadata-replayer.ts'
import { BOOTSTRAP_FILE } from './metadata-snapshot.ts'
import { METADATA_TOPIC } from './topic-names.ts'

/** Whose the data is. */
export interface StorageIdentity {
  readonly clusterId: string
  /** The id of each directory that can be used. */
  readonly directoryIds: ReadonlyMap<StorageDirectory, string>
}

interface IdentityOptions {
  readonly storage: Storage
  readonly partitions: readonly FoundPartition[]
  readonly environment: Environment
  readonly nodeId: number
  /** Null: whatever is there, a random one for new directories. */
  readonly clusterId: string | null
}

type Found = readonly [directory: StorageDirectory, properties: MetaProperties | null]

/**
 * Reads whose the directories are, all of the same node; a new one is formatted as Kafka's `format` does. The first holds the
 * metadata log and decides. Throws MetadataLogRefused.
 */
export async function takeDirectories(options: IdentityOptions): Promise<StorageIdentity> {
  const { storage, partitions, environment, nodeId } = options
  const found = await readAll(storage)
  const [[first, known]] = found
  checkKnown(found, options)
  checkPlaces(first, partitions)
  for (const [directory, properties] of found) if (properties === null) checkEmpty(directory, partitions)
  const clusterId = known?.clusterId ?? options.clusterId ?? environment.random.uuid()
  const directoryIds = new Map<StorageDirectory, string>()
  // The first one first: a crash in between must not leave others that belong to a cluster of which nothing else is known.
  for (const [directory, properties] of found) {
    const directoryId = properties?.directoryId ?? environment.random.uuid()
    directoryIds.set(directory, directoryId)
    if (properties === null) {
      await formatDirectory({ storage, directory, environment, identity: { clusterId, nodeId, directoryId } })
    } else if (properties.directoryId === null) {
      await directory.files.save(META_PROPERTIES_FILE, encodeMetaProperties({ ...properties, directoryId }))
    }
  }
  return { clusterId, directoryIds }
}

async function readAll(storage: Storage): Promise<readonly [Found, ...Found[]]> {
  const [first, ...others] = storage.directories() as readonly [StorageDirectory, ...StorageDirectory[]]
  const found: [Found, ...Found[]] = [[first, await propertiesOf(first)]]
  for (const directory of others) {
    if (directory.failure !== null) continue
    try {
      found.push([directory, await propertiesOf(directory)])
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      directory.fail(error)
    }
  }
  return found
}

async function propertiesOf({ path, files }: StorageDirectory): Promise<MetaProperties | null> {
  const bytes = await files.load(META_PROPERTIES_FILE)
  return bytes === null ? null : decodeMetaProperties(bytes, path)
}

/** That they are all of one node of one cluster, and no two the same. */
function checkKnown(found: readonly [Found, ...Found[]], { nodeId, clusterId }: IdentityOptions): void {
  const [[first, wanted]] = found
  const pathsById = new Map<string, string>()
  for (const [{ path }, properties] of found) {
    if (properties === null) continue
    if (properties.nodeId !== nodeId) {
      throw new MetadataLogRefused(
        `The data directory ${path} belongs to node ${properties.nodeId}, and this is node ${nodeId}: set node.id to ${properties.nodeId}.`,
      )
    }
    if (wanted === null) {
      throw new MetadataLogRefused(
        `The data directory ${path} belongs to the cluster ${properties.clusterId}, but ${first.path} is new, and would hold the metadata log: ` +
          'name the directory that has __cluster_metadata-0 first, or as metadata.log.dir.',
      )
    }
    const expected = clusterId ?? wanted.clusterId
    if (properties.clusterId !== expected) {
      const others = clusterId === null ? `, and ${first.path} to ${expected}` : `, not to ${expected}`
      throw new MetadataLogRefused(`The data directory ${path} belongs to the cluster ${properties.clusterId}${others}.`)
    }
    const twin = properties.directoryId === null ? undefined : pathsById.get(properties.directoryId)
    if (twin !== undefined) {
      throw new MetadataLogRefused(
        `The data directories ${twin} and ${path} have the same directory.id, ${properties.directoryId}: one is a copy of the other. Leave one out.`,
      )
    }
    if (properties.directoryId !== null) pathsById.set(properties.directoryId, path)
  }
}

/** Kafka refuses it too: a second metadata log would be taken for the first after the directories change places. */
function checkPlaces(first: StorageDirectory, partitions: readonly FoundPartition[]): void {
  const misplaced = partitions.find(({ topic, directory }) => topic === METADATA_TOPIC && directory !== first)
  if (misplaced === undefined) return
  throw new MetadataLogRefused(
    `There is a metadata log in ${misplaced.directory.path}, but the directory for it is ${first.path}: set metadata.log.dir to the right one.`,
  )
}

function checkEmpty(directory: StorageDirectory, partitions: readonly FoundPartition[]): void {
  const topics = partitions.filter((partition) => partition.directory === directory && partition.topic !== METADATA_TOPIC)
  const [one] = topics
  if (one === undefined) return
  throw new MetadataLogRefused(
    `The data directory ${directory.path} has no meta.properties, but ${topics.length} partitions, ${one.topic}-${one.partition} among them: it is not known whose they are.`,
  )
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
