import { xxh3 } from './xxh3.ts'

/** A topic as the coordinator of a group sees it. The same object as long as nothing of it has changed. */
export interface GroupTopic {
  readonly id: string
  readonly name: string
  readonly partitionCount: number
  /** The racks of the brokers that hold the partition. */
  racks(partition: number): readonly string[]
}

/** Tells this form of the hash from later ones. */
const magic = 0

const hashes = new WeakMap<GroupTopic, bigint>()

/**
 * What a change of the topic changes (KIP-1101): its id, name, partitions and their racks. A string is its UTF-16 units
 * and their count, as the library hashes it that Kafka uses.
 */
export function topicHash(topic: GroupTopic): bigint {
  const known = hashes.get(topic)
  if (known !== undefined) return known
  const hash = xxh3(encoded(topic))
  hashes.set(topic, hash)
  return hash
}

/** The hash of all topics that a group subscribes to, those that do not exist left out; it is stored in the group's record. */
export function groupHash(topics: readonly GroupTopic[]): bigint {
  if (topics.length === 0) return 0n
  const sorted = [...topics].sort((a, b) => (a.name < b.name ? -1 : 1))
  const bytes = Buffer.alloc(8 * sorted.length)
  for (const [index, topic] of sorted.entries()) bytes.writeBigUInt64LE(topicHash(topic), 8 * index)
  return BigInt.asIntN(64, xxh3(bytes))
}

function encoded(topic: GroupTopic): Buffer {
  const id = Buffer.from(topic.id, 'base64url')
  const parts = [
    Buffer.of(magic),
    // Both halves of the id as Java's longs, written the other way round.
    Buffer.from(id.subarray(0, 8)).reverse(),
    Buffer.from(id.subarray(8)).reverse(),
    text(topic.name),
    int32(topic.partitionCount),
  ]
  for (let partition = 0; partition < topic.partitionCount; partition += 1) {
    parts.push(int32(partition))
    // The length leads, since any character may stand in the name of a rack.
    for (const rack of [...topic.racks(partition)].sort()) parts.push(int32(rack.length), text(rack))
  }
  return Buffer.concat(parts)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from(value, 'utf16le'), int32(value.length)])
