import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { FaultyFiles } from '../environment/faulty-files.ts'
import { seededRandom } from '../environment/random.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { PreparedBatch } from '../log/prepared-batch.ts'
import { sequenced, testRecords } from '../log/test-log.ts'
import { TestCluster } from './test-cluster.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cluster-failures-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

const fault = (code: string): Error => Object.assign(new Error('the disk'), { code })

const logOf = (test: TestCluster): PartitionLog => test.cluster.nodes[0]!.leaderLog({ name: 'orders' }, 0)

function append(log: PartitionLog, baseSequence: number): bigint {
  const prepared = log.prepare(testRecords(sequenced(0, baseSequence)), { by: 'client' }) as PreparedBatch
  return log.append(prepared).baseOffset
}

async function produce(test: TestCluster, baseSequence: number): Promise<bigint> {
  const log = logOf(test)
  const offset = append(log, baseSequence)
  await log.whenDurable(offset + 1n)
  return offset
}

async function until(test: TestCluster, condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 20_000) throw new Error('it did not come to that')
    await new Promise<void>((resolve) => test.clock.endOfTurn(resolve))
  }
}

describe('a full disk', () => {
  test('takes records again under a higher leader epoch once there is room, though the epoch could not be written either', async () => {
    const files = new FaultyFiles()
    const test = await TestCluster.open({ directory, files })
    await test.create({ name: 'orders' })
    await produce(test, 0)
    files.failWrites = fault('ENOSPC')
    const log = logOf(test)
    append(log, 1)
    await expect(log.whenDurable(2n)).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    expect(() => append(log, 1)).toThrow(expect.objectContaining({ code: 'KAFKA_STORAGE_ERROR' }))
    const full = expect.stringMatching(/^.*orders-0: the disk\. .*Make room there: the log takes records again by itself\.$/)
    expect(test.logger.messages('error')).toContainEqual(full)
    await until(test, () => test.logger.messages('error').some((message) => message.includes('cannot be raised')))
    await test.clock.advance(1000)
    expect(() => append(log, 1)).toThrow(expect.objectContaining({ code: 'KAFKA_STORAGE_ERROR' }))
    files.failWrites = null
    for (let steps = 0; logOf(test).leaderEpoch === 0 && steps < 20_000; steps++) {
      await test.clock.advance(100)
      await new Promise<void>((resolve) => test.clock.endOfTurn(resolve))
    }
    expect(logOf(test).leaderEpoch).toBe(1)
    expect(await produce(test, 1)).toBe(1n)
    const raised = test.logger.messages('error').filter((line) => line.includes('cannot be raised'))
    expect(raised).toHaveLength(1)
    await test.cluster.stop()
    expect(test.clock.timerCount).toBe(0)
    expect(await readdir(directory)).toContain('.kafka_cleanshutdown')
  })

  test('that a record finds full again and again is tried less and less often', async () => {
    const files = new FaultyFiles()
    const test = await TestCluster.open({ directory, files })
    await test.create({ name: 'orders' })
    for (const [index, waitMs] of [0, 1000, 2000, 4000].entries()) {
      const log = logOf(test)
      files.failWrites = fault('ENOSPC')
      append(log, 0)
      await expect(log.whenDurable(1n)).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
      files.failWrites = null
      if (waitMs > 0) {
        await until(test, () => logOf(test).awaitsLeaderEpoch)
        await new Promise<void>((resolve) => test.clock.endOfTurn(resolve))
        await test.clock.advance(waitMs - 1)
        expect(logOf(test).leaderEpoch).toBe(index)
        await test.clock.advance(1)
      }
      await until(test, () => logOf(test).leaderEpoch === index + 1)
    }
    await test.cluster.stop()
  })
})

describe('a disk that does not sync', () => {
  test('is let go by a stop that is not called clean, with the lines that say so', async () => {
    const files = new FaultyFiles()
    const test = await TestCluster.open({ directory, files })
    await test.create({ name: 'orders' })
    await test.create({ name: 'others' })
    await produce(test, 0)
    files.failSyncs = fault('EIO')
    const log = logOf(test)
    append(log, 1)
    await expect(log.whenDurable(2n)).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
    files.failSyncs = null
    const noMore = (line: string): boolean =>
      line.startsWith('The log takes no records before a restart: ') && line.includes('the disk')
    await until(test, () => test.logger.messages('error').some(noMore))
    await test.cluster.stop()
    expect(await readdir(directory)).not.toContain('.kafka_cleanshutdown')
    expect(test.logger.messages('error')).toContainEqual(expect.stringContaining('orders-0 could not be closed in order'))
    await test.restart()
    expect(logOf(test).logEndOffset).toBeGreaterThanOrEqual(1n)
    await test.cluster.stop()
  })
})

test('topics and records that were acknowledged are there after a loss of power, and what was deleted is not', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    await rm(directory, { recursive: true, force: true })
    const random = seededRandom(seed)
    const byte = (): number => random.bytes(1)[0]!
    const expected = new Map<string, number>()
    const gone: string[] = []
    for (let life = 0; life < 4; life++) {
      const files = new FaultyFiles()
      const test = await TestCluster.open({ directory, files, settings: { 'log.segment.bytes': '1048576' } })
      const node = test.cluster.nodes[0]!
      for (const [name, count] of expected) {
        const log = node.leaderLog({ name }, 0)
        expect([seed, life, name, log.logEndOffset >= BigInt(count)]).toEqual([seed, life, name, true])
        expect(log.highWatermark).toBe(log.logEndOffset)
        expected.set(name, Number(log.logEndOffset))
      }
      expect(gone.filter((name) => test.cluster.image.topicsByName.has(name))).toEqual([])
      const underWay: Promise<unknown>[] = []
      for (let step = byte() % 20; step >= 0; step--) {
        const name = `topic-${life}-${step}`
        if (byte() < 60) {
          const created = test.create({ name }).then(() => expected.set(name, 0))
          underWay.push(created.catch(() => {}))
          if (byte() < 200) await created
        }
        for (const each of expected.keys()) {
          if (byte() > 80) continue
          const log = node.leaderLog({ name: each }, 0)
          const prepared = log.prepare(testRecords({ count: 1 + (byte() % 3) }), { by: 'client' }) as PreparedBatch
          const end = Number(log.append(prepared).lastOffset) + 1
          const durable = Promise.resolve(log.whenDurable(BigInt(end))).then(() => expected.set(each, end))
          underWay.push(durable.catch(() => {}))
          if (byte() < 60) await durable
        }
        const [first] = expected.keys()
        if (first === undefined || byte() > 30) continue
        await Promise.all(underWay)
        await test.delete(first)
        expected.delete(first)
        gone.push(first)
      }
      const acknowledged = new Map(expected)
      await files.losePower(random)
      await Promise.all(underWay)
      await test.storage.close(null)
      expected.clear()
      for (const [name, count] of acknowledged) expected.set(name, count)
    }
  }
})

describe('a topic that is deleted', () => {
  test('and made again before the first change is durable can be written', async () => {
    for (const options of [{}, { directory }]) {
      const test = await TestCluster.open(options)
      await test.create({ name: 'orders' })
      await produce(test, 0)
      const before = test.topic('orders').id
      await Promise.all([test.delete('orders'), test.create({ name: 'orders' })])
      expect(test.topic('orders').id).not.toBe(before)
      expect(await produce(test, 0)).toBe(0n)
      await test.restart()
      expect(logOf(test).logEndOffset).toBe(1n)
      await test.cluster.stop()
    }
  })

  test('begins at 0 when it is made again, even after a crash that left where its records began', async () => {
    const test = await TestCluster.open({ directory })
    await test.create({ name: 'orders' })
    await test.cluster.stop()
    await writeFile(join(directory, 'log-start-offset-checkpoint'), '0\n2\nreturns 0 100\norders 0 0\n')
    await test.restart()
    await test.create({ name: 'returns' })
    const log = test.cluster.nodes[0]!.leaderLog({ name: 'returns' }, 0)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0n, 0n])
    append(log, 0)
    await log.whenDurable(1n)
    await test.crash()
    const again = test.cluster.nodes[0]!.leaderLog({ name: 'returns' }, 0)
    expect([again.logStartOffset, again.logEndOffset]).toEqual([0n, 1n])
    await test.cluster.stop()
  })
})

test('a log whose folder is missing begins anew as in Kafka, under a higher leader epoch, and is named', async () => {
  const test = await TestCluster.open({ directory })
  await test.create({ name: 'orders' })
  await produce(test, 0)
  await test.cluster.stop()
  await rm(join(directory, 'orders-0'), { recursive: true })
  await test.restart()
  const log = logOf(test)
  expect([log.logEndOffset, log.leaderEpoch]).toEqual([0n, 2])
  expect(test.logger.messages('warn')).toContainEqual(expect.stringContaining('no log of orders-0'))
  await test.cluster.stop()
})
