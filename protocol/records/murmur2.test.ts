import { expect, test } from '@jest/globals'
import { readVectors } from '../vectors/read-vectors.ts'

interface KeyPartitionVector {
  kind: string
  keyHex: string
  murmur2: number
  toPositive: number
  partitionOf: Record<string, number>
}

/** The hash of the clients' default partitioner. A broker never computes it: it stands here for tests that play a client. */
function murmur2(bytes: Buffer): number {
  const factor = 0x5bd1e995
  let hash = (0x9747b28c ^ bytes.length) | 0
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), factor)
    hash = Math.imul(hash, factor) ^ Math.imul(word ^ (word >>> 24), factor)
  }
  const rest = bytes.length - at
  if (rest > 0) hash = Math.imul(hash ^ bytes.readUIntLE(at, rest), factor)
  hash = Math.imul(hash ^ (hash >>> 13), factor)
  return hash ^ (hash >>> 15)
}

test('keys go to the partitions of the default partitioner', () => {
  const vectors = readVectors<KeyPartitionVector>('primitives').filter(({ kind }) => kind === 'keyPartition')
  expect(vectors.length).toBeGreaterThan(0)
  for (const vector of vectors) {
    const hash = murmur2(Buffer.from(vector.keyHex, 'hex'))
    expect(hash).toBe(vector.murmur2)
    expect(hash & 0x7fffffff).toBe(vector.toPositive)
    for (const [count, partition] of Object.entries(vector.partitionOf))
      expect((hash & 0x7fffffff) % Number(count)).toBe(partition)
  }
})
