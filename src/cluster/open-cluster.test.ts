import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import { topicRecord } from '../../protocol/metadata-records/topic-record.ts'
import { readVectors } from '../../protocol/vectors/read-vectors.ts'
import { metadataRecord } from './metadata-record.ts'
import { recordOfConfig, recordOfPartition } from './metadata-record-builders.ts'
import { TestCluster } from './test-cluster.ts'

const codeOf = (run: () => unknown): string | null => {
  try {
    run()
    return null
  } catch (error) {
    return error instanceof KafkaError ? error.code : String(error)
  }
}

describe.each(['memory', 'segments'])('a cluster over %s', (backend) => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'grete-cluster-'))
  })
  afterEach(() => rm(directory, { recursive: true }))
  const options = () => (backend === 'memory' ? {} : { directory })

  test('begins as a Kafka that was formatted and started begins', async () => {
    const { cluster } = await TestCluster.open({ ...options(), settings: { 'cluster.id': '4L6g3nShT-eMCtK--X86sw' } })
    expect(cluster.id).toBe('4L6g3nShT-eMCtK--X86sw')
    expect([...cluster.image.features]).toEqual([
      ['metadata.version', 30],
      ['eligible.leader.replicas.version', 1],
      ['group.version', 1],
      ['share.version', 1],
      ['streams.version', 1],
      ['transaction.version', 2],
    ])
    expect(cluster.image.configs.get(4)?.get('')).toEqual(new Map([['min.insync.replicas', '1']]))
    expect(cluster.image.brokers.get(1)).toMatchObject({ fenced: false, inControlledShutdown: false })
    expect(cluster.nodes[0]?.endpoints).toHaveLength(1)
    await cluster.stop()
  })

  test('has a topic and its open logs once the change is answered', async () => {
    const test = await TestCluster.open(options())
    const [created] = await test.create({ name: 'orders', numPartitions: 3, configs: [{ name: 'retention.ms', value: '5' }] })
    expect(created).toMatchObject({ name: 'orders', error: null, numPartitions: 3, replicationFactor: 1 })
    const node = test.cluster.nodes[0]!
    expect(node.leaderLog({ name: 'orders' }, 2).leaderEpoch).toBe(0)
    expect(node.leaderLog({ id: test.topic('orders').id }, 2, 0)).toBe(node.leaderLog({ name: 'orders' }, 2))
    await test.cluster.stop()
  })

  test('raises the leader epoch by two over a clean stop, as Kafka does', async () => {
    const test = await TestCluster.open(options())
    await test.create({ name: 'orders' })
    const { epoch } = test.cluster.image
    await test.restart()
    expect(test.topic('orders').partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 2, isr: [1], eligibleLeaderReplicas: [] })
    expect(test.cluster.image.epoch).toBe(epoch + 1)
    expect(test.cluster.nodes[0]?.leaderLog({ name: 'orders' }, 0).leaderEpoch).toBe(2)
    await test.cluster.stop()
  })

  test('raises the leader epoch at a start after a crash', async () => {
    const test = await TestCluster.open(options())
    await test.create({ name: 'orders' })
    await test.crash()
    expect(test.topic('orders').partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 1, isr: [1] })
    await test.cluster.stop()
  })

  test('gives a topic that is deleted and made again a new id', async () => {
    const test = await TestCluster.open(options())
    await test.create({ name: 'orders' })
    const { id } = test.topic('orders')
    await test.delete('orders')
    const node = test.cluster.nodes[0]!
    expect(codeOf(() => node.leaderLog({ name: 'orders' }, 0))).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await test.create({ name: 'orders' })
    expect(test.topic('orders').id).not.toBe(id)
    expect(codeOf(() => node.leaderLog({ id }, 0))).toBe('UNKNOWN_TOPIC_ID')
    await test.restart()
    expect(test.cluster.image.topicsById.has(id)).toBe(false)
    await test.cluster.stop()
  })

  test('goes on from a snapshot and the log behind it', async () => {
    const test = await TestCluster.open(options())
    await test.create({ name: 'before', configs: [{ name: 'cleanup.policy', value: 'compact' }] })
    await test.cluster.snapshot()
    await test.create({ name: 'after' })
    await test.restart()
    expect([...test.cluster.image.topicsByName.keys()]).toEqual(['before', 'after'])
    expect(test.cluster.image.configs.get(2)?.get('before')).toEqual(new Map([['cleanup.policy', 'compact']]))
    await test.cluster.stop()
  })

  test('writes a snapshot after an hour with changes', async () => {
    const test = await TestCluster.open(options())
    await test.create({ name: 'orders' })
    await test.clock.advance(3_600_000)
    expect(test.clock.timerCount).toBe(0)
    await test.cluster.stop()
  })
})

describe('changes', () => {
  test('see one another, also within one batch', async () => {
    const test = await TestCluster.open()
    const before = test.cluster.image.endOffset
    const [first, second] = await Promise.all([test.create({ name: 'orders' }), test.create({ name: 'orders' })])
    expect(first[0]?.error).toBeNull()
    expect(second[0]?.error?.code).toBe('TOPIC_ALREADY_EXISTS')
    expect(test.cluster.image.endOffset).toBe(before + 2n)
  })

  test('that refuse themselves leave the others alone', async () => {
    const test = await TestCluster.open()
    const refused = test.cluster.change(() => {
      throw new KafkaError('POLICY_VIOLATION')
    })
    const made = test.create({ name: 'orders' })
    await expect(refused).rejects.toThrow(KafkaError)
    expect((await made)[0]?.error).toBeNull()
  })

  test('are answered after everybody who follows the image', async () => {
    const test = await TestCluster.open()
    const told: string[] = []
    test.cluster.onChange(async (image, delta) => {
      await undefined
      told.push(...delta.topicsChanged.map((topic) => `${topic.name} ${image.topicsByName.has(topic.name)}`))
    })
    await test.create({ name: 'orders' })
    expect(told).toEqual(['orders true'])
  })

  test('are refused once the cluster stops', async () => {
    const test = await TestCluster.open()
    await test.cluster.stop()
    await expect(test.create({ name: 'orders' })).rejects.toMatchObject({ code: 'BROKER_NOT_AVAILABLE' })
  })

  test('of broker settings hold at once', async () => {
    const test = await TestCluster.open()
    await test.cluster.change(() => ({ records: [recordOfConfig(4, '', 'log.retention.ms', '7')], result: null }))
    expect(test.cluster.nodes[0]?.config.get('log.retention.ms')).toBe(7)
  })
})

describe('a node', () => {
  test('refuses what it does not lead and what the client knows wrongly', async () => {
    const test = await TestCluster.open({ nodeIds: [1, 2, 3] })
    await test.create({ name: 'orders', numPartitions: 3, replicationFactor: 3 })
    const [partition] = test.topic('orders').partitions
    const leader = test.cluster.nodes.find((node) => node.id === partition!.leader)!
    const other = test.cluster.nodes.find((node) => node.id !== partition!.leader)!
    expect(new Set(test.topic('orders').partitions.map((one) => one.leader)).size).toBe(3)
    expect(codeOf(() => other.leaderLog({ name: 'orders' }, 0))).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(codeOf(() => leader.leaderLog({ name: 'orders' }, 0, 5))).toBe('UNKNOWN_LEADER_EPOCH')
    expect(codeOf(() => leader.leaderLog({ name: 'orders' }, 3))).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await test.restart()
    expect(codeOf(() => leader.leaderLog({ name: 'orders' }, 0, 1))).not.toBeNull()
    await test.cluster.stop()
  })
})

describe('a directory that cannot be continued', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'grete-cluster-'))
  })
  afterEach(() => rm(directory, { recursive: true }))
  const starting = (settings: Readonly<Record<string, string>> = {}) => TestCluster.open({ directory, settings })

  const unpack = async (kind: 'static' | 'dynamic'): Promise<void> => {
    const folder = join(directory, '__cluster_metadata-0')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'partition.metadata'), 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ')
    const lines = readVectors<{ readonly file: string; readonly hex: string }>('metadata-log')
    for (const name of [
      '00000000000000000000.log',
      '00000000000000000000-0000000000.checkpoint',
      '00000000000000000073-0000000002.checkpoint',
    ]) {
      const bytes = Buffer.concat(
        lines.filter(({ file }) => file === `${kind}/${name}`).map(({ hex }) => Buffer.from(hex, 'hex')),
      )
      if (bytes.length > 0) await writeFile(join(folder, name), bytes)
    }
    const properties = ['version=1', 'cluster.id=4L6g3nShT-eMCtK--X86sw', 'node.id=1', 'directory.id=qkWOTKcQCd0g4wX_ows62A']
    await writeFile(join(directory, 'meta.properties'), `#\n#Sat Nov 21\n${properties.join('\n')}\n`)
  }

  test.each(['static', 'dynamic'] as const)('but that of a Kafka with %s voters can', async (kind) => {
    await unpack(kind)
    const test = await starting()
    expect(test.cluster.id).toBe('4L6g3nShT-eMCtK--X86sw')
    expect(test.topic('orders').partitions[0]).toMatchObject({ leader: 1, isr: [1], directories: ['qkWOTKcQCd0g4wX_ows62A'] })
    const quorum = JSON.parse(await readFile(join(directory, '__cluster_metadata-0', 'quorum-state'), 'utf8')) as object
    expect(quorum).toMatchObject(kind === 'static' ? { leaderEpoch: 3, data_version: 0 } : { leaderEpoch: 2, data_version: 1 })
    await test.cluster.stop()
  })

  test('belongs to another node or another cluster', async () => {
    await unpack('static')
    await expect(starting({ 'node.id': '2' })).rejects.toThrow(/The data directory .* belongs to node 1/)
    await expect(starting({ 'cluster.id': 'another' })).rejects.toThrow('belongs to the cluster 4L6g3nShT-eMCtK--X86sw')
  })

  test('keeps the proof of its clean stop when a start is refused', async () => {
    const test = await starting()
    await test.cluster.stop()
    const path = join(directory, '.kafka_cleanshutdown')
    const proof = await readFile(path, 'utf8')
    expect(JSON.parse(proof)).toEqual({ version: 0, brokerEpoch: expect.any(Number) })
    await expect(starting({ 'node.id': '2' })).rejects.toThrow('belongs to node 1')
    expect(await readFile(path, 'utf8')).toBe(proof)
  })

  test('has a bad CRC before the last batch', async () => {
    await unpack('dynamic')
    const path = join(directory, '__cluster_metadata-0', '00000000000000000000.log')
    const bytes = await readFile(path)
    bytes[300] = bytes[300]! ^ 0xff
    await writeFile(path, bytes)
    await expect(starting()).rejects.toThrow()
  })

  test('but a torn last batch is cut off', async () => {
    await unpack('dynamic')
    const path = join(directory, '__cluster_metadata-0', '00000000000000000000.log')
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, bytes.length - 5))
    const test = await starting()
    expect(test.cluster.image.topicsByName.has('orders')).toBe(true)
    await test.cluster.stop()
  })

  test('has topic folders without a metadata log, or without meta.properties', async () => {
    await mkdir(join(directory, 'orders-0'))
    await writeFile(join(directory, 'orders-0', 'partition.metadata'), 'version: 0\ntopic_id: UfyBb6JlRiOd9PGB4YHUbQ')
    await expect(starting()).rejects.toThrow('no meta.properties')
    await writeFile(join(directory, 'meta.properties'), 'version=1\ncluster.id=x\nnode.id=1\n')
    await expect(starting()).rejects.toThrow('no __cluster_metadata-0')
    // Who puts the folder of a backup there finds the place free.
    expect(await readdir(directory)).not.toContain('__cluster_metadata-0')
  })

  test('has a replica on a broker that is not here', async () => {
    const test = await starting()
    const id = 'UfyBb6JlRiOd9PGB4YHUbQ'
    const partition = { partition: 0, replicas: [1, 2], directories: ['a', 'b'].map((c) => `${c.repeat(21)}A`), isr: [1] }
    const none = { removingReplicas: [], addingReplicas: [], eligibleLeaderReplicas: [], lastKnownElr: [] }
    const epochs = { leader: 1, leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0 }
    await test.cluster.change(() => ({
      records: [
        metadataRecord(topicRecord, { name: 'orders', topicId: id }),
        recordOfPartition(id, { ...partition, ...none, ...epochs }),
      ],
      result: null,
    }))
    await test.cluster.stop()
    await expect(starting()).rejects.toThrow('Partition orders-0 has a replica on broker 2')
  })

  test('is named where a folder belongs to no topic, and the folder is left alone', async () => {
    const test = await starting()
    await test.cluster.stop()
    await mkdir(join(directory, 'stray-0'))
    await writeFile(join(directory, 'stray-0', 'partition.metadata'), 'version: 0\ntopic_id: UfyBb6JlRiOd9PGB4YHUbQ')
    const again = await starting()
    expect(again.logger.lines.map((line) => line.message)).toContain(
      'The folder stray-0 belongs to no topic of this cluster; it is left alone.',
    )
    await again.cluster.stop()
    expect(await readFile(join(directory, 'stray-0', 'partition.metadata'), 'utf8')).toContain('UfyBb6JlRiOd9PGB4YHUbQ')
  })
})
