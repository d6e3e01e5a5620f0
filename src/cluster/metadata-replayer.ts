import { abortTransactionRecord } from '../../protocol/metadata-records/abort-transaction-record.ts'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { type DecodedControlRecord, decodeControlRecord } from '../../protocol/metadata-records/control-records.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { featureLevelRecord } from '../../protocol/metadata-records/feature-level-record.ts'
import { metadataRecords } from '../../protocol/metadata-records/metadata-records.ts'
import { recordsOf } from '../../protocol/records/batch-records.ts'
import { type RecordBatch, recordBatches } from '../../protocol/records/record-batch.ts'
import { METADATA_VERSION_MAX, METADATA_VERSION_MIN } from './feature-levels.ts'
import { MetadataDraft } from './metadata-draft.ts'
import { emptyImage, METADATA_VERSION_FEATURE, type MetadataImage } from './metadata-image.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'
import type { MetadataRecord } from './metadata-record.ts'

/** Kafka's batches have at most 8 MiB; compressed ones, which only others write, may unpack to this. */
const DECOMPRESSED_BYTES_MAX = 64 * 1024 * 1024

/** Who votes, where kraft.version 1 keeps the voters in the log (KIP-853). */
export type VotersValue = Extract<DecodedControlRecord, { type: 6 }>['value']

/** What the control records say. */
export interface KRaftState {
  /** 0: the voters are set in the configuration. */
  readonly kraftVersion: number
  readonly voters: VotersValue | null
  /** The voters that the last leader named; null before any leader. */
  readonly votersOfLeader: readonly number[] | null
}

/** Reads batches of the metadata log or of a snapshot, in order, into an image. */
export class MetadataReplayer {
  readonly #draft = new MetadataDraft(emptyImage)
  #kraft: KRaftState = { kraftVersion: 0, voters: null, votersOfLeader: null }
  /** The records since BeginTransaction, which count only after the End. */
  #transaction: MetadataRecord[] | null = null
  #recordCount = 0

  get kraft(): KRaftState {
    return this.#kraft
  }

  get inTransaction(): boolean {
    return this.#transaction !== null
  }

  /** How many records were read, control records apart. */
  get recordCount(): number {
    return this.#recordCount
  }

  /** A transaction that is still open counts for nothing. */
  finish(): MetadataImage {
    return this.#draft.finish()
  }

  /** Whole batches of the log, those below `from` left out; each moves the image's end. Gives the offset that comes next. */
  readLog(bytes: Buffer, from: bigint): bigint | null {
    let nextOffset: bigint | null = null
    for (const batch of recordBatches(bytes)) {
      nextOffset = batch.nextOffset
      if (batch.lastOffset < from) continue
      this.#readBatch(batch, true)
      this.#draft.advance(nextOffset, batch.partitionLeaderEpoch, batch.maxTimestamp)
    }
    return nextOffset
  }

  /** A snapshot: `endOffset` and `epoch` are those of its name. Of the one at 0-0 Kafka takes the control records alone. */
  readSnapshot(bytes: Buffer, endOffset: bigint, epoch: number): void {
    let timestampMs = 0n
    let whole = false
    let end = 0
    for (const batch of recordBatches(bytes)) {
      end = batch.end
      for (const control of this.#readBatch(batch, endOffset > 0n || epoch > 0)) {
        if (control.type === 3) timestampMs = control.value.lastContainedLogTimestamp
        whole = control.type === 4
      }
    }
    if (!whole || end !== bytes.length)
      throw new MetadataLogRefused(`The snapshot of the metadata log at ${endOffset} is not whole.`)
    this.#draft.advance(endOffset, epoch, timestampMs)
  }

  #readBatch(batch: RecordBatch, withRecords: boolean): readonly DecodedControlRecord[] {
    const controls: DecodedControlRecord[] = []
    let offset = batch.baseOffset
    try {
      batch.ensureValid()
      for (const record of recordsOf(batch, DECOMPRESSED_BYTES_MAX)) {
        offset = record.offset
        const value = record.value ?? Buffer.alloc(0)
        if (batch.isControl) controls.push(this.#readControl(record.key ?? Buffer.alloc(0), value))
        else if (withRecords) this.#readRecord(metadataRecords.decode(value))
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new MetadataLogRefused(`The metadata log cannot be read at offset ${offset}: ${reason}`, { cause: error })
    }
    return controls
  }

  #readControl(key: Buffer, value: Buffer): DecodedControlRecord {
    const control = decodeControlRecord(key, value)
    if (control.type === 2) this.#kraft = { ...this.#kraft, votersOfLeader: control.value.voters.map((voter) => voter.voterId) }
    if (control.type === 5) this.#kraft = { ...this.#kraft, kraftVersion: control.value.kRaftVersion }
    if (control.type === 6) this.#kraft = { ...this.#kraft, voters: control.value }
    return control
  }

  #readRecord(record: MetadataRecord): void {
    this.#recordCount += 1
    switch (record.type) {
      case beginTransactionRecord.type:
        if (this.#transaction !== null) throw new MetadataLogRefused('A transaction begins within another one.')
        this.#transaction = []
        return
      case endTransactionRecord.type:
      case abortTransactionRecord.type: {
        const records = this.#transaction
        if (records === null) throw new MetadataLogRefused('A transaction ends that has not begun.')
        this.#transaction = null
        if (record.type === endTransactionRecord.type) for (const one of records) this.#replay(one)
        return
      }
      default:
        if (this.#transaction === null) this.#replay(record)
        else this.#transaction.push(record)
    }
  }

  #replay(record: MetadataRecord): void {
    if (record.type === featureLevelRecord.type) checkMetadataVersion(record.value.name, record.value.featureLevel)
    this.#draft.replay(record)
  }
}

function checkMetadataVersion(name: string, level: number): void {
  if (name !== METADATA_VERSION_FEATURE || (level >= METADATA_VERSION_MIN && level <= METADATA_VERSION_MAX)) return
  throw new MetadataLogRefused(
    `metadata.version ${level} is not known here, only ${METADATA_VERSION_MIN} to ${METADATA_VERSION_MAX} are.`,
  )
}
