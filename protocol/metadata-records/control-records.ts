import { encodeControlRecordKey } from '../records/control-record.ts'
import { array, int16, int32, int64, string, struct, uint16, uuid } from '../schema/field.ts'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { defineMessage, type Message } from '../schema/message.ts'
import { Reader } from '../schema/reader.ts'
import { UnknownRecordType } from '../schema/unknown-record.ts'

/*
 * What KRaft itself writes to the metadata log and its snapshots, in control batches. The key is two int16, its own version 0 and the type;
 * the value is not framed and has its version as its first field. Types 0 and 1 are the transaction markers of ordinary logs.
 */

/**
 * The first record of an epoch: who leads, who votes.
 *
 * - 1: the voters' directories (KIP-853)
 */
export const leaderChangeMessage = defineMessage({
  name: 'LeaderChangeMessage',
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: int16,
    leaderId: int32,
    voters: array({ voterId: int32, voterDirectoryId: uuid.since(1) }),
    grantingVoters: array({ voterId: int32, voterDirectoryId: uuid.since(1) }),
  },
})

/** The first record of a snapshot. */
export const snapshotHeaderRecord = defineMessage({
  name: 'SnapshotHeaderRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16, lastContainedLogTimestamp: int64 },
})

/** The last record of a snapshot: without it the snapshot is not whole. */
export const snapshotFooterRecord = defineMessage({
  name: 'SnapshotFooterRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16 },
})

/** The level of the feature kraft.version: at 1 the voters stand in the log (KIP-853). */
export const kRaftVersionRecord = defineMessage({
  name: 'KRaftVersionRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16, kRaftVersion: int16 },
})

/** Who votes, where kraft.version is 1 (KIP-853). */
export const votersRecord = defineMessage({
  name: 'VotersRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16,
    voters: array({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: array({ name: string, host: string, port: uint16 }),
      kRaftVersionFeature: struct({ minSupportedVersion: int16, maxSupportedVersion: int16 }),
    }),
  },
})

const controlRecords = {
  2: leaderChangeMessage,
  3: snapshotHeaderRecord,
  4: snapshotFooterRecord,
  5: kRaftVersionRecord,
  6: votersRecord,
} as const

export type ControlType = keyof typeof controlRecords

/** A control record out of the metadata log; `type` tells the kinds apart. */
export type DecodedControlRecord = {
  [T in ControlType]: (typeof controlRecords)[T] extends Message<infer Out, infer _In>
    ? { readonly type: T; readonly value: Out }
    : never
}[ControlType]

const isControlType = (type: number): type is ControlType => type in controlRecords

/** Throws UnknownRecordType, MalformedMessage. */
export function decodeControlRecord(key: Buffer, value: Buffer): DecodedControlRecord {
  const reader = new Reader(key)
  const keyVersion = reader.int16()
  if (keyVersion < 0) throw new MalformedMessage(`The key of a control record has no version ${keyVersion}.`)
  const type = reader.int16()
  if (!isControlType(type)) throw new UnknownRecordType('The metadata log in its control batches', type)
  const message: Message<unknown, never> = controlRecords[type]
  const version = new Reader(value).int16()
  if (version < 0) throw new MalformedMessage(`${message.name} has no version ${version}.`)
  return { type, value: message.decode(value, Math.min(version, message.versions.max)) } as DecodedControlRecord
}

export const encodeControlKey = (type: ControlType): Buffer => encodeControlRecordKey(type)
