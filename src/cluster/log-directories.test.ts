import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { KafkaError } from '../../protocol/errors.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { PreparedBatch } from '../log/prepared-batch.ts'
import { testRecords } from '../log/test-log.ts'
import { TestCluster } from './test-cluster.ts'

let root = ''
let one = ''
let two = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'log-directories-'))
  one = join(root, 'one')
  two = join(root, 'two')
})

afterEach(() => rm(root, { recursive: true, force: true }))

const opened = (settings: Readonly<Record<string, string>> = {}): Promise<TestCluster> =>
  TestCluster.open({ directory: one, otherDirectories: [two], settings })

/** The topic partitions whose folders are in a directory. */
async function foldersOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory)
  return names.filter((name) => /-\d+$/.test(name) && name !== '__cluster_metadata-0').sort()
}

async function propertyOf(directory: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(directory, 'meta.properties'), 'utf8')
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
}

async function setProperty(directory: string, name: string, value: string): Promise<void> {
  const path = join(directory, 'meta.properties')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`))
}

async function produce(log: PartitionLog, count: number): Promise<void> {
  const appended = log.append(log.prepare(testRecords({ count }), { by: 'client' }) as PreparedBatch)
  await log.whenDurable(appended.lastOffset + 1n)
}

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'NONE'
  } catch (error) {
    return error instanceof KafkaError ? error.code : String(error)
  }
}

/** What DescribeLogDirs is told: the partitions by the name of their directory. */
const described = ({ cluster }: TestCluster): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    cluster
      .logDirectories()
      .map(({ directory, logs }) => [
        directory.path.slice(root.length + 1),
        logs.map(({ id }) => `${id.topic}-${id.partition}`).sort(),
      ]),
  )

describe('several log.dirs', () => {
  test('are formatted for one cluster, each with a directory.id of its own, which the broker registers', async () => {
    const { cluster } = await opened()
    const ids = [await propertyOf(one, 'directory.id'), await propertyOf(two, 'directory.id')]
    expect(new Set(ids).size).toBe(2)
    expect(await propertyOf(two, 'cluster.id')).toBe(cluster.id)
    expect(await propertyOf(two, 'node.id')).toBe('1')
    expect(await readFile(join(two, 'bootstrap.checkpoint'))).toEqual(await readFile(join(one, 'bootstrap.checkpoint')))
    expect(await readdir(two)).not.toContain('__cluster_metadata-0')
    expect(cluster.image.brokers.get(1)?.logDirs).toEqual(ids)
    await cluster.stop()
    for (const directory of [one, two]) expect(await readdir(directory)).toContain('.kafka_cleanshutdown')
  })

  test('each take the next partition when they have the fewest', async () => {
    const test = await opened()
    await test.create({ name: 'orders', numPartitions: 3 })
    await test.create({ name: 'parcels', numPartitions: 2 })
    expect(await foldersOf(one)).toEqual(['orders-0', 'orders-2', 'parcels-1'])
    expect(await foldersOf(two)).toEqual(['orders-1', 'parcels-0'])
    const { logDirs } = test.cluster.image.brokers.get(1)!
    expect(test.topic('orders').partitions.map(({ directories }) => logDirs.indexOf(directories[0]!))).toEqual([0, 1, 0])
    await test.delete('orders')
    await test.create({ name: 'returns', numPartitions: 2 })
    expect([await foldersOf(one), await foldersOf(two)]).toEqual([
      ['parcels-1', 'returns-0'],
      ['parcels-0', 'returns-1'],
    ])
    await test.restart()
    expect(described(test)).toEqual({ one: ['parcels-1', 'returns-0'], two: ['parcels-0', 'returns-1'] })
    await test.cluster.stop()
  })

  test('may be one more at a later start: it is formatted for the same cluster, and the next partitions go there', async () => {
    const alone = await TestCluster.open({ directory: one })
    await alone.create({ name: 'orders', numPartitions: 2 })
    await alone.cluster.stop()
    const test = await opened()
    expect(await propertyOf(two, 'cluster.id')).toBe(alone.cluster.id)
    await test.create({ name: 'parcels', numPartitions: 2 })
    expect(described(test)).toEqual({ one: ['orders-0', 'orders-1'], two: ['parcels-0', 'parcels-1'] })
    await test.cluster.stop()
  })

  test('a partition that was moved by hand is found, and the metadata log told where', async () => {
    const test = await opened()
    await test.create({ name: 'orders', numPartitions: 2 })
    await test.cluster.stop()
    await rename(join(one, 'orders-0'), join(two, 'orders-0'))
    const again = await opened()
    const { logDirs } = again.cluster.image.brokers.get(1)!
    expect(again.topic('orders').partitions.map(({ directories }) => directories[0])).toEqual([logDirs[1], logDirs[1]])
    expect(described(again)).toEqual({ one: [], two: ['orders-0', 'orders-1'] })
    await again.cluster.stop()
  })

  test('keep the log start offsets of their own partitions', async () => {
    const test = await opened()
    await test.create({ name: 'orders', numPartitions: 2 })
    const log = test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, 1)
    await produce(log, 4)
    expect(await log.deleteRecords(3n)).toBe(3n)
    expect(await readFile(join(two, 'log-start-offset-checkpoint'), 'utf8')).toBe('0\n1\norders 1 3\n')
    expect(await readdir(one)).not.toContain('log-start-offset-checkpoint')
    await test.restart()
    expect(test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, 1).logStartOffset).toBe(3n)
    await test.cluster.stop()
  })

  test('metadata.log.dir may be none of them: it takes no partition, and is not described', async () => {
    const test = await TestCluster.open({
      directory: join(root, 'metadata'),
      otherDirectories: [one, two],
      settings: { 'log.dirs': `${one},${two}`, 'metadata.log.dir': join(root, 'metadata') },
    })
    await test.create({ name: 'orders', numPartitions: 2 })
    expect(described(test)).toEqual({ one: ['orders-0'], two: ['orders-1'] })
    expect(test.cluster.image.brokers.get(1)?.logDirs).toHaveLength(2)
    expect(await readdir(join(root, 'metadata'))).toContain('__cluster_metadata-0')
    await test.cluster.stop()
  })
})

describe('a start is refused, and leaves the proof of the last clean stop in every directory, when', () => {
  async function refused(reason: string | RegExp): Promise<void> {
    const proofs = async () => await Promise.all([one, two].map((path) => readFile(join(path, '.kafka_cleanshutdown'), 'utf8')))
    const before = await proofs()
    await expect(opened()).rejects.toThrow(reason)
    expect(await proofs()).toEqual(before)
  }

  beforeEach(async () => {
    const test = await opened()
    await test.create({ name: 'orders', numPartitions: 2 })
    await test.cluster.stop()
  })

  test('a directory belongs to another cluster', async () => {
    await setProperty(two, 'cluster.id', 'another')
    await refused(/two belongs to the cluster another, and .*one to /)
  })

  test('a directory belongs to another node', async () => {
    await setProperty(two, 'node.id', '5')
    await refused('two belongs to node 5, and this is node 1')
  })

  test('two directories have the same directory.id', async () => {
    await setProperty(two, 'directory.id', (await propertyOf(one, 'directory.id'))!)
    await refused('one is a copy of the other')
  })

  test('a partition is in two of them', async () => {
    await cp(join(one, 'orders-0'), join(two, 'orders-0'), { recursive: true })
    await refused(/The partition orders-0 is in both .*one and .*two/)
  })

  test('a metadata log is in another than metadata.log.dir', async () => {
    await cp(join(one, '__cluster_metadata-0'), join(two, '__cluster_metadata-0'), { recursive: true })
    // Alone it would be a partition in two directories.
    await rm(join(one, '__cluster_metadata-0'), { recursive: true })
    await refused('set metadata.log.dir to the right one')
  })

  test('the directory for the metadata log is new, but another is not', async () => {
    await rm(join(one, 'meta.properties'))
    await refused('name the directory that has __cluster_metadata-0 first')
  })

  test('a directory without meta.properties holds partitions', async () => {
    await rm(join(two, 'meta.properties'))
    await refused(/two has no meta.properties, but 1 partitions, orders-1 among them/)
  })
})

test('a stop does not vouch for a log that could not be opened', async () => {
  const test = await opened()
  await test.create({ name: 'orders', numPartitions: 2 })
  await test.storage.close(null)
  await writeFile(join(two, 'log-start-offset-checkpoint'), 'nonsense')
  const again = await opened()
  expect(codeOf(() => again.cluster.nodes[0]!.leaderLog({ name: 'orders' }, 1))).toBe('KAFKA_STORAGE_ERROR')
  await again.cluster.stop()
  expect(again.logger.messages('warn')).toContain('The log of orders-1 was not open; the next start recovers.')
  for (const directory of [one, two]) expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
})

describe('a directory that cannot be used at the start', () => {
  async function withTwoBlocked(run: (test: TestCluster) => Promise<void>): Promise<void> {
    await rename(two, `${two}.away`)
    await writeFile(two, 'a file where the directory should be')
    const test = await opened()
    await run(test)
    await test.cluster.stop()
    await rm(two)
    await rename(`${two}.away`, two)
  }

  const produced = async (test: TestCluster, partition: number): Promise<void> =>
    await produce(test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, partition), 1)

  beforeEach(async () => {
    const test = await opened()
    await test.create({ name: 'orders', numPartitions: 2 })
    for (const partition of [0, 1]) await produced(test, partition)
    await test.cluster.stop()
  })

  test('is offline: its partitions are answered KAFKA_STORAGE_ERROR, the others are served, and nothing is lost', async () => {
    await withTwoBlocked(async (test) => {
      const leaderLog = (partition: number) => test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, partition)
      expect(leaderLog(0).logEndOffset).toBe(1n)
      expect(codeOf(() => leaderLog(1))).toBe('KAFKA_STORAGE_ERROR')
      expect(test.cluster.image.brokers.get(1)?.logDirs).toEqual([await propertyOf(one, 'directory.id')])
      expect(test.cluster.logDirectories().map(({ directory }) => directory.failure === null)).toEqual([true, false])
      expect(test.logger.lines.filter(({ message }) => message.includes('two cannot be used'))).toHaveLength(1)
      await produced(test, 0)
    })
    const back = await opened()
    const ends = [0, 1].map((partition) => back.cluster.nodes[0]!.leaderLog({ name: 'orders' }, partition).logEndOffset)
    expect(ends).toEqual([2n, 1n])
    expect(described(back)).toEqual({ one: ['orders-0'], two: ['orders-1'] })
    await back.cluster.stop()
  })

  test('takes no new partitions', async () => {
    await withTwoBlocked(async (test) => {
      await test.create({ name: 'parcels', numPartitions: 2 })
      expect(described(test)).toEqual({ one: ['orders-0', 'parcels-0', 'parcels-1'], two: [] })
    })
  })

  test('holds a deleted topic’s folder, which is named when it is back, and in nobody’s way', async () => {
    await withTwoBlocked(async (test) => {
      await test.delete('orders')
      await test.create({ name: 'orders', numPartitions: 2 })
    })
    const back = await opened()
    expect(back.logger.lines.map(({ message }) => message)).toContain(
      'The folder orders-1 belongs to no topic of this cluster; it is left alone.',
    )
    expect(described(back)).toEqual({ one: ['orders-0', 'orders-1'], two: [] })
    await back.cluster.stop()
  })

  test('ends the start where it is the one for the metadata log', async () => {
    await rename(one, `${one}.away`)
    await writeFile(one, '')
    await expect(opened()).rejects.toThrow(/The data directory .*one cannot be used/)
    expect(await readdir(two)).toContain('.kafka_cleanshutdown')
  })

  test('is not vouched for by the next stop: after a crash its logs were not recovered', async () => {
    const crashed = await opened()
    await crashed.storage.close(null)
    await rename(join(two, 'meta.properties'), join(two, 'away'))
    await mkdir(join(two, 'meta.properties'))
    const test = await opened()
    await test.cluster.stop()
    expect(await readdir(one)).toContain('.kafka_cleanshutdown')
    expect(await readdir(two)).not.toContain('.kafka_cleanshutdown')
  })

  test('is one whose meta.properties cannot be read', async () => {
    await rm(join(two, 'meta.properties'))
    await mkdir(join(two, 'meta.properties'))
    const test = await opened()
    expect(codeOf(() => test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, 1))).toBe('KAFKA_STORAGE_ERROR')
    await test.cluster.stop()
  })
})
