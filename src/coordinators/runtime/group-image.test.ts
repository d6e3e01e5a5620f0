import { describe, expect, test } from '@jest/globals'
import type { Cluster } from '../../cluster/cluster.ts'
import type { MetadataDelta } from '../../cluster/metadata-delta.ts'
import { ConfigResource, type MetadataImage } from '../../cluster/metadata-image.ts'
import { resolveConfig, settingsSource } from '../../config/resolve-config.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { ClusterTopics, consumerGroupConfig, resolveRegexes } from './group-image.ts'
import { SharedTurns } from './shared-turns.ts'

function imageWith(endOffset: bigint, names: readonly string[], settings: Record<string, string> = {}): MetadataImage {
  const topics = names.map((name) => ({ id: `id of ${name}`, name, partitions: [{ replicas: [1, 2] }] }))
  return {
    endOffset,
    topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
    topicsById: new Map(topics.map((topic) => [topic.id, topic])),
    brokers: new Map([
      [1, { rack: 'a' }],
      [2, { rack: null }],
    ]),
    configs: new Map([[ConfigResource.group, new Map([['g', new Map(Object.entries(settings))]])]]),
  } as unknown as MetadataImage
}

/** A cluster whose image a test changes. */
class TestCluster {
  image: MetadataImage
  #run: Parameters<Cluster['onChange']>[0] = () => {}

  constructor(image: MetadataImage) {
    this.image = image
  }

  onChange(run: Parameters<Cluster['onChange']>[0]): () => void {
    this.#run = run
    return () => {}
  }

  change(image: MetadataImage): void {
    const previous = this.image
    this.image = image
    const topicsChanged = [...image.topicsById.values()].filter((topic) => previous.topicsById.get(topic.id) !== topic)
    void this.#run(image, { previous, topicsChanged } as unknown as MetadataDelta)
  }
}

describe('the topics of the cluster, for groups', () => {
  test('have the version of the image; that of new topics rises only when there are new ones', () => {
    const cluster = new TestCluster(imageWith(10n, ['orders']))
    const topics = new ClusterTopics(cluster)
    expect([topics.version, topics.newTopicsVersion]).toEqual([9n, 9n])
    cluster.change(imageWith(12n, ['orders']))
    expect([topics.version, topics.newTopicsVersion]).toEqual([11n, 9n])
    cluster.change(imageWith(15n, ['orders', 'payments']))
    expect([topics.version, topics.newTopicsVersion]).toEqual([14n, 14n])
  })

  test('are the same objects until they change, with the racks of their replicas', () => {
    const topics = new ClusterTopics(new TestCluster(imageWith(1n, ['orders'])))
    expect(topics.byName('orders')).toBe(topics.byId('id of orders'))
    expect(topics.byName('orders')?.racks(0)).toEqual(['a'])
    expect(topics.byName('nothing')).toBeUndefined()
  })

  test('are matched as a whole with regular expressions', async () => {
    const topics = new ClusterTopics(new TestCluster(imageWith(7n, ['orders', 'orders-old', 'payments'])))
    const asked = { kind: 'resolve-regexes', groupId: 'g', principal: '', clientHost: '', regexes: ['ord.*s', 'p.*'] } as const
    const time = new SimulatedClock(5)
    const resolved = await resolveRegexes(asked, topics, { time }, new SharedTurns(time))
    expect(resolved.version).toBe(6n)
    expect(resolved.timestampMs).toBe(5n)
    expect([...resolved.topicsByRegex].map(([regex, names]) => [regex, ...names])).toEqual([
      ['ord.*s', 'orders'],
      ['p.*', 'payments'],
    ])
  })
})

test('a group has its own settings within the bounds of the broker, else the broker’s', () => {
  const { config } = resolveConfig([
    settingsSource({ 'group.consumer.session.timeout.ms': '50000', 'group.consumer.max.heartbeat.interval.ms': '9000' }, 'file'),
  ])
  const image = imageWith(1n, [], { 'consumer.heartbeat.interval.ms': '12000', 'consumer.assignment.interval.ms': '0' })
  const cluster = new TestCluster(image)
  expect(consumerGroupConfig('g', cluster, { config })).toEqual({
    sessionTimeoutMs: 50_000,
    heartbeatIntervalMs: 9000,
    assignmentIntervalMs: 0,
  })
  expect(consumerGroupConfig('other', cluster, { config })).toEqual({
    sessionTimeoutMs: 50_000,
    heartbeatIntervalMs: 5000,
    assignmentIntervalMs: 0,
  })
})
