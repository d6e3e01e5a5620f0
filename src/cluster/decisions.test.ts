import { beforeAll, describe, expect, test } from '@jest/globals'
import type { KafkaError } from '../../protocol/errors.ts'
import { clearElrRecord } from '../../protocol/metadata-records/clear-elr-record.ts'
import { configRecord } from '../../protocol/metadata-records/config-record.ts'
import { ZERO_UUID } from '../../protocol/schema/field.ts'
import { seededRandom } from '../environment/random.ts'
import { decideConfigReplacement, decideIncrementalConfigChange } from './config-changes.ts'
import { decideElection } from './leader-election.ts'
import type { MetadataImage } from './metadata-image.ts'
import { checkInsyncReplicas, effectiveMinInsyncReplicas } from './min-insync-replicas.ts'
import { decidePartitionCreation } from './partition-creation.ts'
import { producerIdSource } from './producer-ids.ts'
import { TestCluster, testConfig } from './test-cluster.ts'
import { ensureTopics, topicByDefault } from './topic-auto-creation.ts'
import { decideTopicCreation, type NewTopic } from './topic-creation.ts'
import { decideTopicDeletion } from './topic-deletion.ts'

const config = testConfig({ 'num.partitions': '4' })
const said = (error: KafkaError | null): string | null => (error === null ? null : `${error.code}: ${error.message}`)

let running: TestCluster
let image: MetadataImage

beforeAll(async () => {
  running = await TestCluster.open()
  await running.create({ name: 'orders', numPartitions: 2, configs: [{ name: 'retention.ms', value: '5' }] })
  await running.create({ name: 'a.b' })
  image = running.cluster.image
})

describe('creating topics', () => {
  const create = (
    topics: readonly (Partial<NewTopic> & { readonly name: string })[],
    settings: Readonly<Record<string, string>> = {},
  ) => {
    const full = topics.map((topic) => ({ numPartitions: -1, replicationFactor: -1, assignments: [], configs: [], ...topic }))
    const options = { config: testConfig({ 'num.partitions': '4', ...settings }), random: seededRandom(3), validateOnly: false }
    return decideTopicCreation(image, full, options)
  }
  const errorOf = (topic: Partial<NewTopic> & { readonly name: string }, settings = {}) =>
    said(create([topic], settings).result[0]?.error ?? null)

  test('takes the counts of the broker for -1', () => {
    expect(create([{ name: 'new' }]).result).toEqual([
      expect.objectContaining({ name: 'new', error: null, numPartitions: 4, replicationFactor: 1 }),
    ])
  })

  test.each<[string, string]>([
    ['', 'INVALID_TOPIC_EXCEPTION: Topic name is invalid: the empty string is not allowed'],
    ['..', "INVALID_TOPIC_EXCEPTION: Topic name is invalid: '..' is not allowed"],
    [
      'a b',
      "INVALID_TOPIC_EXCEPTION: Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    ['a_b', "INVALID_TOPIC_EXCEPTION: Topic 'a_b' collides with existing topic: a.b"],
    ['orders', "TOPIC_ALREADY_EXISTS: Topic 'orders' already exists."],
    ['__cluster_metadata', 'INVALID_REQUEST: Creation of internal topic __cluster_metadata is prohibited.'],
  ])('refuses the name %p', (name, error) => {
    expect(errorOf({ name })).toBe(error)
  })

  test('refuses a name that is longer than 249 characters', () => {
    expect(errorOf({ name: 'x'.repeat(249) })).toBeNull()
    expect(errorOf({ name: 'x'.repeat(250) })).toContain('INVALID_TOPIC_EXCEPTION')
  })

  test('sees the topics before it in the same request', () => {
    const { result } = create([{ name: 'c.d' }, { name: 'c_d' }])
    expect(result.map(({ error }) => error?.code ?? null)).toEqual([null, 'INVALID_TOPIC_EXCEPTION'])
  })

  test('refuses a name that is given twice once, and makes nothing of it', () => {
    const { records, result } = create([{ name: 'new' }, { name: 'new' }])
    expect(result.map(({ name, error }) => [name, said(error)])).toEqual([['new', 'INVALID_REQUEST: Duplicate topic name.']])
    expect(records).toEqual([])
  })

  test('refuses counts that make no sense', () => {
    expect(errorOf({ name: 'new', numPartitions: 0 })).toBe(
      'INVALID_PARTITIONS: Number of partitions was set to an invalid non-positive value.',
    )
    expect(errorOf({ name: 'new', replicationFactor: 0 })).toContain(
      'INVALID_REPLICATION_FACTOR: Replication factor must be larger than 0',
    )
    expect(errorOf({ name: 'new', numPartitions: 10_001 })).toContain('POLICY_VIOLATION')
  })

  test('gives the replicas that there are, or refuses where the setting is strict', () => {
    expect(create([{ name: 'new', replicationFactor: 3 }]).result[0]).toMatchObject({ error: null, replicationFactor: 1 })
    expect(errorOf({ name: 'new', replicationFactor: 3 }, { 'replication.factor.strict': 'true' })).toBe(
      'INVALID_REPLICATION_FACTOR: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.',
    )
  })

  test('takes an assignment by hand, without counts', () => {
    const assignments = [
      { partitionIndex: 1, brokerIds: [1] },
      { partitionIndex: 0, brokerIds: [1] },
    ]
    expect(create([{ name: 'new', assignments }]).result[0]).toMatchObject({
      error: null,
      numPartitions: 2,
      replicationFactor: 1,
    })
    expect(errorOf({ name: 'new', assignments, numPartitions: 2 })).toContain('INVALID_REQUEST: A manual partition assignment')
    expect(errorOf({ name: 'new', assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }] })).toContain(
      'includes the broker 1 more than once.',
    )
    expect(errorOf({ name: 'new', assignments: [{ partitionIndex: 0, brokerIds: [9] }] })).toContain(
      'no such broker is registered.',
    )
    expect(errorOf({ name: 'new', assignments: [{ partitionIndex: 1, brokerIds: [1] }] })).toContain('consecutive 0-based')
  })

  test('checks the settings', () => {
    const withConfig = (name: string, value: string | null) => errorOf({ name: 'new', configs: [{ name, value }] })
    expect(withConfig('no.such', '1')).toBe('INVALID_CONFIG: Unknown topic config name: no.such')
    expect(withConfig('retention.ms', null)).toBe('INVALID_CONFIG: Null value not supported for topic configs: retention.ms')
    expect(withConfig('retention.ms', 'x')).toContain('INVALID_CONFIG')
  })

  test('empties the eligible leaders where min.insync.replicas is set (KIP-966)', () => {
    const { records } = create([{ name: 'new', numPartitions: 1, configs: [{ name: 'min.insync.replicas', value: '1' }] }])
    expect(records.map(({ type }) => type)).toEqual([2, 4, clearElrRecord.type, 3])
  })

  test('refuses a name that differs by case alone where folders would be the same', () => {
    const topic = { name: 'ORDERS', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    const options = { config, random: seededRandom(3), validateOnly: true }
    expect(decideTopicCreation(image, [topic], options).result[0]?.error).toBeNull()
    expect(decideTopicCreation(image, [topic], { ...options, ignoresCase: true }).result[0]?.error?.code).toBe(
      'INVALID_TOPIC_EXCEPTION',
    )
  })

  test('on first use makes an internal topic as its coordinator wants it', async () => {
    expect(topicByDefault('__consumer_offsets', config)).toMatchObject({
      numPartitions: 50,
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: '104857600' },
      ],
    })
    const used = await TestCluster.open({ settings: { 'offsets.topic.num.partitions': '3' } })
    const [made, refused] = await ensureTopics(used.cluster, ['__consumer_offsets', 'not a name'], {
      config: used.config,
      random: seededRandom(5),
    })
    expect(made).toMatchObject({ topic: { partitions: [{ replicas: [1] }, {}, {}] } })
    expect(refused).toMatchObject({ error: { code: 'INVALID_TOPIC_EXCEPTION' } })
  })
})

describe('deleting topics', () => {
  const orders = () => image.topicsByName.get('orders')!.id
  const answers = (...topics: { readonly name: string | null; readonly topicId: string }[]) => {
    const { records, result } = decideTopicDeletion(image, topics)
    return [records.length, ...result.map(({ name, error }) => `${name} ${error?.code ?? 'NONE'}`)]
  }

  test('takes names and ids', () => {
    expect(answers({ name: 'orders', topicId: ZERO_UUID })).toEqual([1, 'orders NONE'])
    expect(answers({ name: null, topicId: orders() })).toEqual([1, 'orders NONE'])
  })

  test('refuses what it does not know, and what is named in more than one way', () => {
    expect(answers({ name: 'no', topicId: ZERO_UUID })).toEqual([0, 'no UNKNOWN_TOPIC_OR_PARTITION'])
    expect(answers({ name: null, topicId: 'd8z5TbN_Sk-UhLTjKFjvVw' })).toEqual([0, 'null UNKNOWN_TOPIC_ID'])
    expect(answers({ name: 'orders', topicId: orders() })).toEqual([0, 'orders INVALID_REQUEST'])
    expect(answers({ name: null, topicId: ZERO_UUID })).toEqual([0, 'null INVALID_REQUEST'])
    expect(answers({ name: 'orders', topicId: ZERO_UUID }, { name: null, topicId: orders() })).toEqual([
      0,
      'orders INVALID_REQUEST',
    ])
    expect(answers({ name: 'orders', topicId: ZERO_UUID }, { name: 'orders', topicId: ZERO_UUID })).toEqual([
      0,
      'orders INVALID_REQUEST',
    ])
  })
})

describe('creating partitions', () => {
  const answer = (
    name: string,
    count: number,
    assignments: readonly { readonly brokerIds: readonly number[] }[] | null = null,
  ) => {
    const { records, result } = decidePartitionCreation(image, [{ name, count, assignments }], { validateOnly: false })
    return [records.length, said(result[0]?.error ?? null)]
  }

  test('adds those that are missing', () => {
    expect(answer('orders', 5)).toEqual([3, null])
    expect(answer('orders', 3, [{ brokerIds: [1] }])).toEqual([1, null])
  })

  test('refuses what is no increase, and assignments that do not fit', () => {
    expect(answer('orders', 2)).toEqual([0, 'INVALID_PARTITIONS: Topic already has 2 partition(s).'])
    expect(answer('orders', 1)[1]).toBe(
      'INVALID_PARTITIONS: The topic orders currently has 2 partition(s); 1 would not be an increase.',
    )
    expect(answer('no', 1)[1]).toContain('UNKNOWN_TOPIC_OR_PARTITION')
    expect(answer('orders', 4, [{ brokerIds: [1] }])[1]).toContain(
      'INVALID_REPLICA_ASSIGNMENT: Attempted to add 2 additional partition(s)',
    )
    expect(answer('orders', 3, [{ brokerIds: [1, 2] }])[1]).toContain('INVALID_REPLICA_ASSIGNMENT')
  })
})

describe('changing configs', () => {
  const options = { config, nodeId: 1, validateOnly: false }
  const set = (resourceType: number, resourceName: string, name: string, value: string | null, configOperation = 0) => {
    const { records, result } = decideIncrementalConfigChange(
      image,
      [{ resourceType, resourceName, configs: [{ name, configOperation, value }] }],
      options,
    )
    return [
      ...records.map((record) =>
        record.type === configRecord.type ? `${record.value.name}=${record.value.value}` : record.type,
      ),
      said(result[0]?.error ?? null),
    ]
  }

  test('sets, removes, appends and subtracts', () => {
    expect(set(2, 'orders', 'retention.ms', '7')).toEqual(['retention.ms=7', null])
    expect(set(2, 'orders', 'retention.ms', '5')).toEqual([null])
    expect(set(2, 'orders', 'retention.ms', null, 1)).toEqual(['retention.ms=null', null])
    expect(set(2, 'orders', 'cleanup.policy', 'compact', 2)).toEqual(['cleanup.policy=delete,compact', null])
    expect(set(2, 'orders', 'retention.ms', '5', 2)).toEqual([
      "INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.",
    ])
  })

  test('refuses topics that are not there and names that cannot be', () => {
    expect(set(2, 'no', 'retention.ms', '7')).toEqual(["UNKNOWN_TOPIC_OR_PARTITION: The topic 'no' does not exist."])
    expect(set(2, '', 'retention.ms', '7')).toEqual(['INVALID_REQUEST: Default topic resources are not allowed.'])
    expect(set(2, 'orders', 'no.such', '7')).toEqual(['INVALID_CONFIG: Unknown topic config name: no.such'])
    expect(set(32, '', 'consumer.session.timeout.ms', '50000')).toEqual([
      'INVALID_REQUEST: Default group resources are not allowed.',
    ])
    expect(set(99, 'x', 'a', 'b')).toEqual(['INVALID_REQUEST: Unknown resource type 99'])
    expect(set(2, 'orders', 'retention.ms', null)).toEqual(['INVALID_REQUEST: Null value not supported for : retention.ms'])
  })

  test('changes the settings of this broker and of all, but of no other', () => {
    expect(set(4, '', 'log.retention.ms', '7')).toEqual(['log.retention.ms=7', null])
    expect(set(4, '1', 'log.retention.ms', '7')).toEqual(['log.retention.ms=7', null])
    expect(set(4, '2', 'log.retention.ms', '7')).toEqual(['INVALID_REQUEST: Unexpected broker id, expected 1, but received 2'])
    expect(set(4, 'x', 'log.retention.ms', '7')).toEqual(['INVALID_REQUEST: Node id must be an integer, but it is: x'])
    expect(set(4, '1', 'node.id', '7')).toEqual(['INVALID_REQUEST: Cannot update these configs dynamically: [node.id]'])
  })

  test('keeps min.insync.replicas the same for all brokers while there are eligible leaders (KIP-966)', () => {
    expect(set(4, '1', 'min.insync.replicas', '2')).toEqual([
      'INVALID_CONFIG: Broker-level min.insync.replicas cannot be altered while ELR is enabled.',
    ])
    expect(set(4, '', 'min.insync.replicas', null, 1)).toEqual([
      'INVALID_CONFIG: Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    ])
    expect(set(4, '', 'min.insync.replicas', '2')).toEqual(['min.insync.replicas=2', clearElrRecord.type, null])
    expect(set(2, 'orders', 'min.insync.replicas', '2')).toEqual(['min.insync.replicas=2', clearElrRecord.type, null])
  })

  test('refuses a resource that is named twice, each time', () => {
    const resource = { resourceType: 2, resourceName: 'orders', configs: [] }
    const { result } = decideIncrementalConfigChange(image, [resource, resource], options)
    expect(result.map(({ error }) => said(error))).toEqual(
      Array(2).fill('INVALID_REQUEST: Each resource must appear at most once.'),
    )
  })

  test('the old way replaces all that is set', () => {
    const configs = [{ name: 'cleanup.policy', value: 'compact' }]
    const { records } = decideConfigReplacement(image, [{ resourceType: 2, resourceName: 'orders', configs }], options)
    expect(records.map((record) => (record.type === configRecord.type ? [record.value.name, record.value.value] : null))).toEqual(
      [
        ['cleanup.policy', 'compact'],
        ['retention.ms', null],
      ],
    )
  })
})

describe('electing leaders', () => {
  test('is not needed where the preferred replica leads, which asking for all leaves out', () => {
    const { result } = decideElection(image, 0, [
      { topic: 'orders', partitions: [0, 9] },
      { topic: 'no', partitions: [0] },
    ])
    expect(result.map(({ error }) => error?.code)).toEqual([
      'ELECTION_NOT_NEEDED',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect(decideElection(image, 0, null)).toEqual({ records: [], result: [] })
    expect(() => decideElection(image, 7, null)).toThrow('Unknown election type 7')
  })
})

describe('the effective min.insync.replicas', () => {
  test('is at most the number of replicas', () => {
    const strict = testConfig({ 'min.insync.replicas': '3' })
    expect(effectiveMinInsyncReplicas(image, image.topicsByName.get('orders')!, 0, strict)).toBe(1)
  })

  test('acks=all is NOT_ENOUGH_REPLICAS where fewer are in sync than are asked for', () => {
    const orders = image.topicsByName.get('orders')!
    const partition = orders.partitions[0]!
    const inSync = (isr: readonly number[]) => ({ ...orders, partitions: [{ ...partition, replicas: [1, 2, 3], isr }] })
    const asked = testConfig({ 'min.insync.replicas': '2' })
    expect(() => checkInsyncReplicas(image, inSync([1]), 0, asked)).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_REPLICAS' }),
    )
    expect(() => checkInsyncReplicas(image, inSync([1, 2]), 0, asked)).not.toThrow()
    expect(() => checkInsyncReplicas(image, orders, 0, asked)).not.toThrow()
  })
})

describe('producer ids', () => {
  test('are given once in the life of a cluster, a block for each start', async () => {
    const used = await TestCluster.open()
    const source = producerIdSource(used.cluster, 1)
    const ids = await Promise.all(Array.from({ length: 1500 }, () => source.next()))
    expect(new Set(ids).size).toBe(1500)
    expect(ids[0]).toBe(0n)
    await used.restart()
    expect(await producerIdSource(used.cluster, 1).next()).toBe(2000n)
  })
})
