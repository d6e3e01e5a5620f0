import { describe, expect, test } from '@jest/globals'
import { type ErrorName, errorCode, errorName } from '../../../protocol/errors.ts'
import { createPartitions } from '../../../protocol/messages/create-partitions.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { deleteTopics } from '../../../protocol/messages/delete-topics.ts'
import { electLeaders } from '../../../protocol/messages/elect-leaders.ts'
import { listPartitionReassignments } from '../../../protocol/messages/list-partition-reassignments.ts'
import { metadata } from '../../../protocol/messages/metadata.ts'
import { ZERO_UUID } from '../../../protocol/schema/field.ts'
import { newTopic, testBroker } from '../test-broker.ts'

const { ask } = testBroker({ topics: { orders: 2 }, config: { 'replication.factor.strict': true } })
const timeoutMs = 10_000
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ'

const create = async (version: number, ...topics: ReturnType<typeof newTopic>[]) =>
  (await ask(createTopics, version, { topics, timeoutMs, validateOnly: false })).topics
const codes = (results: readonly { readonly errorCode: number }[]) => results.map((result) => errorName(result.errorCode))
const partitionsOf = async (name: string) => {
  const { topics } = await ask(metadata, 4, {
    topics: [{ name }],
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  })
  return topics[0]!.errorCode === 0 ? topics[0]!.partitions.length : null
}

describe('CreateTopics', () => {
  test('tells from version 5 on what the topic became', async () => {
    const configs = [{ name: 'retention.ms', value: '1000' }]
    const [made] = await create(7, newTopic('told', { numPartitions: 3, configs }))
    expect(made).toMatchObject({ errorCode: 0, errorMessage: null, numPartitions: 3, replicationFactor: 1 })
    expect(made!.topicId).not.toBe(ZERO_UUID)
    expect(made!.configs!.length).toBeGreaterThan(30)
    const setting = (name: string) => made!.configs!.find((config) => config.name === name)
    expect(setting('retention.ms')).toMatchObject({ value: '1000', configSource: 1, readOnly: false, isSensitive: false })
    expect(setting('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 })
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('version %i makes a topic that is there at once', async (version) => {
    const name = `version-${version}`
    expect(codes(await create(version, newTopic(name, { numPartitions: 2 })))).toEqual(['NONE'])
    expect(await partitionsOf(name)).toBe(2)
  })

  test('takes the defaults of the broker for -1', async () => {
    const [made] = await create(5, newTopic('defaults', { numPartitions: -1, replicationFactor: -1 }))
    expect(made).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
  })

  const manual = (...brokerIds: number[]) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds }],
  })
  test.each<[ErrorName, string | null, ReturnType<typeof newTopic>]>([
    ['TOPIC_ALREADY_EXISTS', "Topic 'orders' already exists.", newTopic('orders')],
    ['INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '..' is not allowed", newTopic('..')],
    ['INVALID_TOPIC_EXCEPTION', 'Topic name is invalid: the empty string is not allowed', newTopic('')],
    ['INVALID_REQUEST', 'Creation of internal topic __cluster_metadata is prohibited.', newTopic('__cluster_metadata')],
    [
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
      newTopic('no', { numPartitions: 0 }),
    ],
    ['INVALID_REPLICATION_FACTOR', null, newTopic('no', { replicationFactor: 0 })],
    ['INVALID_REPLICATION_FACTOR', null, newTopic('no', { replicationFactor: 3 })],
    ['INVALID_CONFIG', 'Unknown topic config name: nope', newTopic('no', { configs: [{ name: 'nope', value: '1' }] })],
    ['INVALID_CONFIG', null, newTopic('no', { configs: [{ name: 'retention.ms', value: 'x' }] })],
    ['INVALID_CONFIG', null, newTopic('no', { configs: [{ name: 'retention.ms', value: null }] })],
    ['INVALID_REPLICA_ASSIGNMENT', null, newTopic('no', manual(9))],
    ['INVALID_REPLICA_ASSIGNMENT', null, newTopic('no', manual(1, 1))],
    ['INVALID_REQUEST', null, newTopic('no', { assignments: manual(1).assignments })],
    ['POLICY_VIOLATION', null, newTopic('no', { numPartitions: 10_001 })],
  ])('answers %s: %s', async (error, message, topic) => {
    const [refused] = await create(7, topic)
    expect(errorName(refused!.errorCode)).toBe(error)
    if (message !== null) expect(refused!.errorMessage).toBe(message)
    expect(refused).toMatchObject({ topicId: ZERO_UUID, numPartitions: -1, replicationFactor: -1, configs: [] })
  })

  test('refuses a name that is given twice once, and the others stand', async () => {
    const results = await create(7, newTopic('twice'), newTopic('once'), newTopic('twice'))
    expect(results.map(({ name, errorCode: code }) => [name, errorName(code)])).toEqual([
      ['twice', 'INVALID_REQUEST'],
      ['once', 'NONE'],
    ])
  })

  test('makes nothing when it is only to be tried', async () => {
    const request = { topics: [newTopic('tried')], timeoutMs, validateOnly: true }
    expect(codes((await ask(createTopics, 7, request)).topics)).toEqual(['NONE'])
    expect(await partitionsOf('tried')).toBeNull()
  })

  test.each([0, -1])('with a timeout of %i is REQUEST_TIMED_OUT, if it asks for anything', async (none) => {
    const request = { topics: [newTopic('late')], timeoutMs: none, validateOnly: false }
    expect(codes((await ask(createTopics, 7, request)).topics)).toEqual(['REQUEST_TIMED_OUT'])
    expect((await ask(createTopics, 7, { ...request, topics: [] })).topics).toEqual([])
  })
})

describe('CreatePartitions', () => {
  const grow = async (
    count: number,
    more: { assignments?: { brokerIds: number[] }[]; validateOnly?: boolean; timeoutMs?: number } = {},
  ) => {
    const { assignments = null, validateOnly = false } = more
    const topics = [{ name: 'growing', count, assignments }]
    return (await ask(createPartitions, 3, { topics, timeoutMs: more.timeoutMs ?? timeoutMs, validateOnly })).results[0]!
  }

  test('adds partitions, and only more of them', async () => {
    await create(7, newTopic('growing'))
    expect(await grow(2, { validateOnly: true })).toMatchObject({ errorCode: 0, errorMessage: null })
    expect(await partitionsOf('growing')).toBe(1)
    expect(await grow(1)).toMatchObject({
      errorCode: errorCode('INVALID_PARTITIONS'),
      errorMessage: 'Topic already has 1 partition(s).',
    })
    expect(codes([await grow(0)])).toEqual(['INVALID_PARTITIONS'])
    expect(codes([await grow(3, { assignments: [{ brokerIds: [1] }] })])).toEqual(['INVALID_REPLICA_ASSIGNMENT'])
    expect(codes([await grow(2, { assignments: [{ brokerIds: [9] }] })])).toEqual(['INVALID_REPLICA_ASSIGNMENT'])
    expect(codes([await grow(2, { timeoutMs: 0 })])).toEqual(['REQUEST_TIMED_OUT'])
    expect(codes([await grow(2, { assignments: [{ brokerIds: [1] }] })])).toEqual(['NONE'])
    expect(await partitionsOf('growing')).toBe(2)
  })

  test.each([0, 1, 2, 3])('version %i answers each topic', async (version) => {
    const topics = ['orders', 'unknown', 'twice', 'twice'].map((name) => ({ name, count: 3, assignments: null }))
    const { results } = await ask(createPartitions, version, { topics, timeoutMs, validateOnly: true })
    expect(results.map(({ name, errorCode: code }) => [name, errorName(code)])).toEqual([
      ['orders', 'NONE'],
      ['unknown', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['twice', 'INVALID_REQUEST'],
    ])
  })
})

describe('DeleteTopics', () => {
  const topicIdOf = async (name: string) => (await create(7, newTopic(name)))[0]!.topicId
  const named = (name: string | null, topicId = ZERO_UUID) => ({ name, topicId })
  const remove = async (topics: ReturnType<typeof named>[], waitMs = timeoutMs) =>
    (await ask(deleteTopics, 6, { topics, topicNames: [], timeoutMs: waitMs })).responses

  test.each([0, 1, 2, 3, 4, 5])('version %i deletes by name', async (version) => {
    const name = `deleted-by-${version}`
    await create(7, newTopic(name))
    const { responses } = await ask(deleteTopics, version, { topicNames: [name, 'unknown'], topics: [], timeoutMs })
    expect(responses.map((result) => [result.name, errorName(result.errorCode)])).toEqual([
      [name, 'NONE'],
      ['unknown', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    expect(await partitionsOf(name)).toBeNull()
  })

  test('deletes by name and by id, and a topic that is made again has another id', async () => {
    const first = await topicIdOf('by-id')
    expect(await remove([named(null, first)])).toMatchObject([
      { name: 'by-id', topicId: first, errorCode: 0, errorMessage: null },
    ])
    expect(await topicIdOf('by-id')).not.toBe(first)
    expect(codes(await remove([named(null, first)]))).toEqual(['UNKNOWN_TOPIC_ID'])
    expect(codes(await remove([named('by-id')]))).toEqual(['NONE'])
  })

  test('refuses what names nothing, or the same topic by two ways', async () => {
    const id = await topicIdOf('two-ways')
    const asked = [named('unknown'), named(null, unknownId), named(null), named('orders', unknownId), named('p'), named('p')]
    expect(codes(await remove(asked))).toEqual([
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_ID',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
      'INVALID_REQUEST',
    ])
    expect(await remove([named(null, id), named('two-ways')])).toMatchObject([
      {
        name: 'two-ways',
        topicId: id,
        errorCode: errorCode('INVALID_REQUEST'),
        errorMessage: 'The provided topic name maps to an ID that was already supplied.',
      },
    ])
    expect(await partitionsOf('two-ways')).toBe(1)
  })

  test('with no time is REQUEST_TIMED_OUT', async () => {
    expect(codes(await remove([named('orders')], 0))).toEqual(['REQUEST_TIMED_OUT'])
    expect(await remove([], 0)).toEqual([])
  })
})

describe('DeleteTopics where it is disabled', () => {
  const { ask: askThere } = testBroker({ topics: { orders: 1 }, config: { 'delete.topic.enable': false } })

  test.each([
    [1, 'INVALID_REQUEST'],
    [5, 'TOPIC_DELETION_DISABLED'],
  ] as const)('version %i is %s', async (version, error) => {
    const { responses } = await askThere(deleteTopics, version, { topicNames: ['orders'], topics: [], timeoutMs })
    expect(codes(responses)).toEqual([error])
  })
})

describe('ElectLeaders', () => {
  const elect = (
    version: number,
    topicPartitions: { topic: string; partitions: number[] }[] | null,
    waitMs = timeoutMs,
    electionType = 0,
  ) => ask(electLeaders, version, { electionType, topicPartitions, timeoutMs: waitMs })
  const results = (answer: Awaited<ReturnType<typeof elect>>) =>
    answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map((result) => [topic, result.partitionId, errorName(result.errorCode)]),
    )

  test.each([0, 1, 2])('version %i is not needed where the preferred replica leads', async (version) => {
    const asked = [
      { topic: 'orders', partitions: [1, 7] },
      { topic: 'unknown', partitions: [0] },
    ]
    const answer = await elect(version, asked)
    expect(answer.errorCode).toBe(0)
    expect(results(answer)).toEqual([
      ['orders', 1, 'ELECTION_NOT_NEEDED'],
      ['orders', 7, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['unknown', 0, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
  })

  test('over all partitions leaves out those that need none', async () => {
    const answer = await elect(2, null)
    expect(results(answer)).toEqual([])
    expect(answer.replicaElectionResults.map(({ topic }) => topic)).toContain('orders')
  })

  test('is refused as a whole without time, or of a kind that is not known', async () => {
    const orders = [{ topic: 'orders', partitions: [0] }]
    const late = await elect(2, orders, 0)
    expect(errorName(late.errorCode)).toBe('REQUEST_TIMED_OUT')
    expect(results(late)).toEqual([['orders', 0, 'REQUEST_TIMED_OUT']])
    expect(errorName((await elect(2, null, 0)).errorCode)).toBe('REQUEST_TIMED_OUT')
    expect(errorName((await elect(2, orders, timeoutMs, 5)).errorCode)).toBe('INVALID_REQUEST')
    expect(await elect(2, [], 0)).toMatchObject({ errorCode: 0, replicaElectionResults: [] })
  })
})

describe('ListPartitionReassignments', () => {
  test.each([null, [{ name: 'orders', partitionIndexes: [0, 9] }], [{ name: 'unknown', partitionIndexes: [0] }]])(
    'tells none where no replica moves, asked for %j',
    async (topics) => {
      const answer = await ask(listPartitionReassignments, 0, { timeoutMs, topics })
      expect(answer).toMatchObject({ errorCode: 0, errorMessage: null, topics: [] })
    },
  )
})
