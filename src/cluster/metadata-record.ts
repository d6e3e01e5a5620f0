import { abortTransactionRecord } from '../../protocol/metadata-records/abort-transaction-record.ts'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import type { AnyMetadataRecord, MetadataRecord as Definition } from '../../protocol/metadata-records/define-record.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { metadataRecords } from '../../protocol/metadata-records/metadata-records.ts'

type KnownDefinition = (typeof metadataRecords)['records'][number]

type Typed<R> = R extends Definition<infer T, infer Out, infer _In> ? { readonly type: T; readonly value: Out } : never

/**
 * A record of the metadata log, told apart by its `type`. It has no version: the log writes the one that the cluster's
 * metadata.version asks for.
 */
export type MetadataRecord = Typed<KnownDefinition>

/** What a record of one kind holds, every field there. */
export type ValueOf<R> = R extends Definition<number, infer Out, infer _In> ? Out : never

type ValueToWrite<R> = R extends Definition<number, infer _Out, infer In> ? In : never

/**
 * A record as a replay would read it back, with every field that was left out at its default. A value that cannot be
 * written throws here, where it concerns one change, and not in the batch that several share.
 */
export function metadataRecord<R extends KnownDefinition>(definition: R, value: ValueToWrite<R>): MetadataRecord {
  const { type, message } = definition as unknown as Definition<number, unknown, ValueToWrite<R>>
  const newest = message.versions.max
  return { type, value: message.decode(message.encode(value, newest), newest) } as MetadataRecord
}

const definitions = new Map<number, AnyMetadataRecord>(metadataRecords.records.map((record) => [record.type, record]))

/** The record's value in the log, with its frame, in this version. */
export function encodeMetadataRecord(record: MetadataRecord, version: number): Buffer {
  const definition = definitions.get(record.type)
  if (definition === undefined) throw new Error(`no metadata record has type ${record.type}`)
  return definition.encode(record.value as never, version)
}

const transactionTypes: ReadonlySet<number> = new Set([
  beginTransactionRecord.type,
  endTransactionRecord.type,
  abortTransactionRecord.type,
])

/** Begin, end or abort: they say how the log is to be read, and nothing of what is in it. */
export const isTransactionRecord = (record: MetadataRecord): boolean => transactionTypes.has(record.type)
