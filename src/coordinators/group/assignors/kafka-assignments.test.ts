import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { builtInAssignors } from './built-in-assignors.ts'
import type { AssignableMember, SubscriptionType } from './partition-assignor.ts'

/**
 * What the assignors of Apache Kafka 4.3.1 made of the same groups: `member@instance | subscribed | owned | assigned`. Capital
 * letters are topic ids that Kafka takes for positive numbers, small ones are negative to it.
 */
const text = readFileSync(
  new URL('../../../../../src/coordinators/group/assignors/kafka-assignments.txt', import.meta.url),
  'utf8',
)

const topicIdOf = (letter: string): string => {
  const bytes = Buffer.alloc(16)
  const isCapital = letter <= 'Z'
  if (!isCapital) bytes[0] = 0x80
  bytes[15] = letter.charCodeAt(0) - (isCapital ? 'A' : 'a').charCodeAt(0) + 1
  return bytes.toString('base64url')
}

const letterOf = (topicId: string): string => {
  const bytes = Buffer.from(topicId, 'base64url')
  return String.fromCharCode((bytes[0] === 0x80 ? 'a' : 'A').charCodeAt(0) + bytes[15]! - 1)
}

/** `A0-2,5 B1`, and `-` for none. */
function readPartitions(owned: string): ReadonlyMap<string, ReadonlySet<number>> {
  const words = owned === '-' ? [] : owned.split(' ')
  return new Map(words.map((word) => [topicIdOf(word[0]!), new Set(word.slice(1).split(',').flatMap(readRange))]))
}

function readRange(range: string): number[] {
  const [first, last] = range.split('-').map(Number)
  return Array.from({ length: (last ?? first!) - first! + 1 }, (_, index) => first! + index)
}

const plain = (assignment: ReadonlyMap<string, ReadonlySet<number>> = new Map()) =>
  Object.fromEntries([...assignment].map(([topicId, partitions]) => [letterOf(topicId), [...partitions].sort((a, b) => a - b)]))

function readCase(block: string) {
  const [head = '', topics = '', ...lines] = block.trim().split('\n')
  const [, name, subscriptionType] = head.split(' ')
  const counts = new Map(
    topics
      .split(' ')
      .slice(1)
      .map((topic) => [topicIdOf(topic[0]!), Number(topic.slice(1))]),
  )
  const members = new Map<string, AssignableMember>()
  const expected: Record<string, unknown> = {}
  for (const line of lines) {
    const [ids = '', subscribed = '', owned = '', assigned = ''] = line.split(' | ')
    const [memberId = '', instanceId = null] = ids.split('@')
    const subscribedTopicIds = new Set(subscribed === '-' ? [] : [...subscribed].map(topicIdOf))
    members.set(memberId, { instanceId, rackId: null, subscribedTopicIds, assignment: readPartitions(owned) })
    expected[memberId] = plain(readPartitions(assigned))
  }
  const group = { members, subscriptionType: subscriptionType as SubscriptionType }
  return { name, group, topics: { partitionCount: (topicId: string) => counts.get(topicId) }, expected }
}

const cases = text.trim().split('\n\n').map(readCase)

test('there are cases', () => expect(cases.length).toBeGreaterThan(0))

test.each(cases)('$name assigns a $group.subscriptionType group as Kafka does (%#)', ({ name, group, topics, expected }) => {
  const assignments = builtInAssignors.find((assignor) => assignor.name === name)!.assign(group, topics)
  const assigned = Object.fromEntries([...group.members.keys()].map((memberId) => [memberId, plain(assignments.get(memberId))]))
  expect(assigned).toEqual(expected)
})
