import { array, bytes, int32, nullable, string } from '../schema/field.ts'
import { MalformedMessage } from '../schema/malformed-message.ts'
import { type DecodedOf, defineMessage, type EncodableOf, type Message } from '../schema/message.ts'
import { Reader } from '../schema/reader.ts'
import { Writer } from '../schema/writer.ts'

/*
 * What the members of a classic group of consumers say to each other through the coordinator, in the opaque bytes of JoinGroup and
 * SyncGroup. Each blob begins with its version as an int16. There is no negotiation, so a reader takes a version above the known ones
 * for the newest that it knows and leaves the rest unread.
 */

const topicPartitions = { topic: string, partitions: array(int32) }

/**
 * What a member subscribes to.
 *
 * - 1: the partitions that it owns (KIP-429) · 2: the generation in which it got them (KIP-792) · 3: its rack (KIP-881)
 */
export const consumerProtocolSubscription = defineMessage({
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: array(string),
    userData: nullable(bytes).default(null),
    ownedPartitions: array(topicPartitions).since(1),
    generationId: int32.since(2).default(-1),
    rackId: nullable(string).since(3),
  },
})

/** What the leader of the group gives to a member. Its versions follow those of the subscription and differ in nothing. */
export const consumerProtocolAssignment = defineMessage({
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: array(topicPartitions),
    userData: nullable(bytes).default(null),
  },
})

export type ConsumerProtocolSubscription = DecodedOf<typeof consumerProtocolSubscription>
export type ConsumerProtocolAssignment = DecodedOf<typeof consumerProtocolAssignment>

/** The version that a blob begins with. */
export function consumerProtocolVersion(blob: Buffer): number {
  const version = new Reader(blob).int16()
  if (version < 0) throw new MalformedMessage(`The consumer protocol has no version ${version}.`)
  return version
}

export const decodeSubscription = (blob: Buffer): ConsumerProtocolSubscription => decode(consumerProtocolSubscription, blob)

export const decodeAssignment = (blob: Buffer): ConsumerProtocolAssignment => decode(consumerProtocolAssignment, blob)

export const encodeSubscription = (value: EncodableOf<typeof consumerProtocolSubscription>, version: number): Buffer =>
  encode(consumerProtocolSubscription, value, version)

export const encodeAssignment = (value: EncodableOf<typeof consumerProtocolAssignment>, version: number): Buffer =>
  encode(consumerProtocolAssignment, value, version)

function decode<Out>(message: Message<Out, never>, blob: Buffer): Out {
  const version = consumerProtocolVersion(blob)
  return message.decode(new Reader(blob, 2), Math.min(version, message.versions.max))
}

function encode<In>(message: Message<unknown, In>, value: In, version: number): Buffer {
  const writer = new Writer()
  writer.int16(version)
  message.codec(version).encode(writer, value)
  return writer.toBuffer()
}
