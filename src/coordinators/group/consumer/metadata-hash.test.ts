import { describe, expect, test } from '@jest/globals'
import { type GroupTopic, groupHash, topicHash } from './metadata-hash.ts'
import { xxh3 } from './xxh3.ts'

const signed = (hash: bigint): bigint => BigInt.asIntN(64, hash)

describe('XXH3 gives what hash4j gives, which Kafka uses, on each way through it', () => {
  test.each([
    [0, 3244421341483603138n],
    [1, 1433843135270481901n],
    [3, -6266602912829716452n],
    [4, 7895465118229274323n],
    [8, 6941064856527638883n],
    [9, -72226354546400344n],
    [16, -5131753158909839995n],
    [17, 8163341949877205007n],
    [100, -5362810412169982817n],
    [128, 7440608504995537343n],
    [129, -4150982730466284604n],
    [200, 8389308914288017243n],
    [240, 7229805477010515663n],
    [241, -8364630114420064745n],
    [256, 4339360625268998362n],
    [512, -756038794506822371n],
    [1000, 7804479483783519874n],
    [1024, -7241394453710343503n],
    [1025, -9192937061388044938n],
    [1088, 3424848841118183642n],
    [2048, -6060151295482384687n],
    [5000, 8762507191635236893n],
  ])('%i bytes', (length, hash) => {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 7 + 3) & 0xff))
    expect(signed(xxh3(bytes))).toBe(hash)
  })
})

const id = Buffer.from('0123456789abcdeffedcba9876543210', 'hex').toString('base64url')
const topic = (name: string, partitionCount: number, racks: readonly string[]): GroupTopic => ({
  id,
  name,
  partitionCount,
  racks: () => racks,
})

describe('the hash of metadata is Kafka’s', () => {
  test('of a topic', () => {
    expect(signed(topicHash(topic('orders', 1, [])))).toBe(-6331329304306155358n)
    expect(signed(topicHash(topic('orders', 3, ['rack2', 'rack1'])))).toBe(-9190957728580381641n)
    expect(signed(topicHash(topic('big', 200, ['eu-west-1a'])))).toBe(5016590503746157087n)
  })

  test('of a group, by the names of its topics', () => {
    expect(groupHash([])).toBe(0n)
    expect(groupHash([topic('orders', 1, []), topic('big', 200, ['eu-west-1a'])])).toBe(-3219357783481949792n)
  })
})
