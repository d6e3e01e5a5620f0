import { abortTransactionRecord } from '../../protocol/metadata-records/abort-transaction-record.ts'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { leaderChangeMessage } from '../../protocol/metadata-records/control-records.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import type { Clock } from '../environment/environment.ts'
import type { PartitionId, PartitionStorage, Storage, StorageError } from '../storage/storage.ts'
import { hasTransactions, metadataVersionOf } from './feature-levels.ts'
import {
  type ControlRecordToWrite,
  controlBatch,
  encodeRecordValue,
  groupedByBytes,
  METADATA_BATCH_BYTES_MAX,
  recordsBatch,
} from './metadata-batch.ts'
import type { MetadataImage } from './metadata-image.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import { type MetadataRecord, metadataRecord } from './metadata-record.ts'
import { type KRaftState, MetadataReplayer } from './metadata-replayer.ts'
import { encodeSnapshot, listSnapshots, type SnapshotId, snapshotName, votersRecords } from './metadata-snapshot.ts'
import { decodeQuorumState, encodeQuorumState, QUORUM_STATE_FILE } from './quorum-state.ts'
import { snapshotRecords } from './snapshot-records.ts'
import { METADATA_TOPIC } from './topic-names.ts'

export const metadataPartition: PartitionId = { topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', topic: METADATA_TOPIC, partition: 0 }

const READ_BYTES_MAX = 8 * 1024 * 1024
const ROLL_BYTES_MIN = 16 * 1024 * 1024

export interface MetadataLogOptions {
  readonly storage: Storage
  readonly time: Clock
  /** The one voter. */
  readonly nodeId: number
  /** Above this the oldest snapshots go, and the log below the next one (metadata.max.retention.bytes). */
  readonly retentionBytes: number
}

export interface Committed {
  readonly endOffset: bigint
  readonly epoch: number
  readonly timestampMs: bigint
}

interface Waiting {
  readonly end: bigint
  resolve(): void
  reject(error: Error): void
}

/**
 * The partition `__cluster_metadata-0` in Kafka's files, framing and records. It is read whole when it is opened, then
 * `lead` begins an epoch, and `commit` appends to it; there is one commit at a time.
 */
export class MetadataLog {
  readonly #nodeId: number
  readonly #time: Clock
  readonly #retentionBytes: number
  #partition!: PartitionStorage
  #kraft!: KRaftState
  #epoch = 0
  #waiting: Waiting | null = null
  #bytesSinceSnapshot = 0
  #abortFirst = false

  private constructor(options: MetadataLogOptions) {
    this.#nodeId = options.nodeId
    this.#time = options.time
    this.#retentionBytes = options.retentionBytes
  }

  /** Reads the newest snapshot and the log after it. Throws MetadataLogRefused. */
  static async open(options: MetadataLogOptions): Promise<{ readonly log: MetadataLog; readonly image: MetadataImage }> {
    const log = new MetadataLog(options)
    log.#partition = await options.storage.openPartition(metadataPartition, {
      onCorruption: 'refuse',
      fence: 0,
      events: {
        written: () => {},
        durable: (end) => log.#durable(end),
        failed: (error) => log.#failed(error),
      },
    })
    return { log, image: await log.#read() }
  }

  get epoch(): number {
    return this.#epoch
  }

  get endOffset(): bigint {
    return this.#partition.endOffset
  }

  get bytesSinceSnapshot(): number {
    return this.#bytesSinceSnapshot
  }

  async #read(): Promise<MetadataImage> {
    const replayer = new MetadataReplayer()
    const snapshots = await listSnapshots(this.#partition.checkpoints)
    const newest = snapshots.at(-1)
    const from = newest?.endOffset ?? 0n
    if (newest !== undefined) {
      const bytes = await this.#partition.checkpoints.load(snapshotName(newest))
      replayer.readSnapshot(bytes ?? Buffer.alloc(0), newest.endOffset, newest.epoch)
    }
    if (this.#partition.endOffset < from) await this.#partition.restartAt(from)
    if (this.#partition.startOffset > from) {
      throw new MetadataLogRefused(
        `The metadata log begins at ${this.#partition.startOffset}, and no snapshot reaches up to there.`,
      )
    }
    await this.#readFrom(replayer, from)
    const image = replayer.finish()
    if (metadataVersionOf(image) === 0 && replayer.recordCount > 0) {
      throw new MetadataLogRefused('The metadata log names no metadata.version, so its records cannot be told.')
    }
    await this.#takeState(replayer, image)
    return image
  }

  async #readFrom(replayer: MetadataReplayer, from: bigint): Promise<void> {
    let offset = from
    while (offset < this.#partition.endOffset) {
      const pieces = await this.#partition.read(offset, this.#partition.endOffset, READ_BYTES_MAX, true)
      if (pieces.length === 0) throw new MetadataLogRefused(`The metadata log cannot be read at offset ${offset}.`)
      for (const piece of pieces) {
        // Decoded records may hold views of the bytes, which are somebody else's after the release.
        const bytes = Buffer.from(piece.bytes)
        piece.release()
        this.#bytesSinceSnapshot += bytes.length
        offset = replayer.readLog(bytes, from) ?? offset
      }
    }
  }

  /** The epoch so far, who votes, and a transaction that a stopped leader left open. */
  async #takeState(replayer: MetadataReplayer, image: MetadataImage): Promise<void> {
    const bytes = await this.#partition.checkpoints.load(QUORUM_STATE_FILE)
    const quorum = bytes === null ? null : decodeQuorumState(bytes)
    this.#kraft = replayer.kraft
    this.#epoch = Math.max(quorum?.leaderEpoch ?? 0, image.epoch)
    this.#checkVoters(quorum?.voters)
    this.#checkVoters(this.#kraft.votersOfLeader)
    this.#checkVoters(this.#kraft.voters?.voters.map((voter) => voter.voterId))
    this.#abortFirst = replayer.inTransaction
  }

  #checkVoters(voters: readonly number[] | null | undefined): void {
    if (voters === null || voters === undefined) return
    if (voters.length === 1 && voters[0] === this.#nodeId) return
    throw new MetadataLogRefused(
      `The metadata log has the voters ${voters.join(', ')}; only one whose single voter is this node, ${this.#nodeId}, can be continued.`,
    )
  }

  /** Begins the next epoch as its leader: no record of it is written before the file that says that the epoch is taken. */
  async lead(image: MetadataImage): Promise<Committed> {
    this.#epoch += 1
    const first = this.#partition.endOffset === 0n
    const kraftVersion = this.#kraft.kraftVersion
    await this.#partition.checkpoints.save(QUORUM_STATE_FILE, encodeQuorumState(this.#nodeId, this.#epoch, kraftVersion))
    const self = [{ voterId: this.#nodeId }]
    const leaderChange = { version: 0, leaderId: this.#nodeId, voters: self, grantingVoters: self }
    const records: ControlRecordToWrite[] = [{ type: 2, value: leaderChangeMessage.encode(leaderChange, 0) }]
    const { voters } = this.#kraft
    if (first && kraftVersion > 0 && voters !== null) records.push(...votersRecords(voters))
    const committed = await this.#append([(baseOffset, timestampMs) => this.#control(records, baseOffset, timestampMs)])
    if (!this.#abortFirst) return committed
    this.#abortFirst = false
    return this.commit([metadataRecord(abortTransactionRecord, { reason: 'the leader stopped' })], image)
  }

  /**
   * Appends the records, which take effect together, and waits until they are durable. After a failure nothing of them is
   * in the log; a StorageError says so, and the next commit may succeed.
   */
  async commit(records: readonly MetadataRecord[], image: MetadataImage): Promise<Committed> {
    const metadataVersion = metadataVersionOf(image)
    const values = records.map((record) => encodeRecordValue(record, metadataVersion))
    const groups = groupedByBytes(values, METADATA_BATCH_BYTES_MAX)
    if (groups.length <= 1 || !hasTransactions(metadataVersion)) return this.#appendGroups(groups)
    const begin = encodeRecordValue(metadataRecord(beginTransactionRecord, { name: 'Large change' }), metadataVersion)
    const end = encodeRecordValue(metadataRecord(endTransactionRecord, {}), metadataVersion)
    return this.#appendGroups([[begin], ...groups, [end]])
  }

  #appendGroups(groups: readonly (readonly Buffer[])[]): Promise<Committed> {
    return this.#append(
      groups.map((values) => (baseOffset, timestampMs) => ({
        bytes: recordsBatch(values, { baseOffset, epoch: this.#epoch, timestampMs }),
        count: values.length,
      })),
    )
  }

  #control(records: readonly ControlRecordToWrite[], baseOffset: bigint, timestampMs: bigint): Batch {
    return { bytes: controlBatch(records, { baseOffset, epoch: this.#epoch, timestampMs }), count: records.length }
  }

  async #append(batches: readonly ((baseOffset: bigint, timestampMs: bigint) => Batch)[]): Promise<Committed> {
    const partition = this.#partition
    const timestampMs = BigInt(this.#time.nowMs())
    const start = partition.endOffset
    let sizeBytes = 0
    try {
      for (const build of batches) {
        const baseOffset = partition.endOffset
        const { bytes, count } = build(baseOffset, timestampMs)
        partition.append(new OwnedRecords(bytes), {
          baseOffset,
          lastOffset: baseOffset + BigInt(count) - 1n,
          maxTimestamp: timestampMs,
        })
        sizeBytes += bytes.length
      }
      await this.#whenDurable(partition.endOffset)
    } catch (error) {
      // After a failed sync that fails too, and so does every commit until a restart finds out what is there.
      await partition.truncateTo(start).catch(() => {})
      throw error
    }
    this.#bytesSinceSnapshot += sizeBytes
    return { endOffset: partition.endOffset, epoch: this.#epoch, timestampMs }
  }

  #whenDurable(end: bigint): undefined | Promise<void> {
    if (this.#partition.durableEnd >= end) return undefined
    this.#partition.durabilityAwaited()
    return new Promise((resolve, reject) => {
      this.#waiting = { end, resolve, reject }
    })
  }

  #durable(end: bigint): void {
    if (this.#waiting === null || end < this.#waiting.end) return
    const { resolve } = this.#waiting
    this.#waiting = null
    resolve()
  }

  #failed(error: StorageError): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.reject(error)
  }

  /** Writes the image as a snapshot, then lets the oldest ones go while they and the log take more than their share. */
  async snapshot(image: MetadataImage): Promise<void> {
    const { checkpoints } = this.#partition
    const id: SnapshotId = { endOffset: image.endOffset, epoch: image.epoch }
    const metadataVersion = metadataVersionOf(image)
    const bytes = encodeSnapshot({
      id,
      lastContainedTimestampMs: image.timestampMs,
      nowMs: BigInt(this.#time.nowMs()),
      voters: this.#kraft.kraftVersion > 0 ? this.#kraft.voters : null,
      values: Array.from(snapshotRecords(image), (record) => encodeRecordValue(record, metadataVersion)),
    })
    await checkpoints.save(snapshotName(id), bytes)
    this.#bytesSinceSnapshot = 0
    // So that the log below can go as soon as a later snapshot covers it; many small segments would be worse.
    if ((this.#partition.ranges().at(-1)?.sizeBytes ?? 0) >= ROLL_BYTES_MIN) this.#partition.roll()
    await this.#dropOldSnapshots()
  }

  async #dropOldSnapshots(): Promise<void> {
    const { checkpoints } = this.#partition
    const snapshots = [...(await listSnapshots(checkpoints))]
    const sizes = new Map<SnapshotId, number>()
    for (const id of snapshots) sizes.set(id, (await checkpoints.load(snapshotName(id)))?.length ?? 0)
    const takenBytes = (): number =>
      this.#partition.ranges().reduce((sum, range) => sum + range.sizeBytes, 0) +
      snapshots.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0)
    while (snapshots.length > 1 && takenBytes() > this.#retentionBytes) {
      const oldest = snapshots.shift() as SnapshotId
      await checkpoints.remove(snapshotName(oldest))
      await this.#partition.deleteBefore((snapshots[0] as SnapshotId).endOffset)
    }
  }

  async close(): Promise<void> {
    await this.#partition.close()
  }
}

interface Batch {
  readonly bytes: Buffer
  readonly count: number
}
