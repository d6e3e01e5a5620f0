import { describe, expect, test } from '@jest/globals'
import { Buffers } from '../../environment/buffers.ts'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { StorageError } from '../storage.ts'
import { storageSuite } from '../storage-suite.ts'
import { appendOne, RecordedEvents } from '../test-partition.ts'
import { MemoryStorage } from './memory-storage.ts'

function memoryStorage(limitBytes: number, logger = new RecordingLogger(), buffers = new Buffers({ checked: true })) {
  return new MemoryStorage({ time: new SimulatedClock(), buffers, logger, limitBytes })
}

storageSuite('memory', async () => {
  const storage = memoryStorage(64 << 20)
  return { storage, reopened: async () => storage, dispose: async () => {} }
})

describe('memory.log.bytes', () => {
  const idOf = (topic: string) => ({ topicId: topic, topic, partition: 0 })

  async function openLog(storage: MemoryStorage, topic: string) {
    return await storage.openPartition(idOf(topic), { onCorruption: 'cut', fence: 0, events: new RecordedEvents() })
  }

  test('a full memory refuses the batch, and one line names the largest topics and what to set', async () => {
    const logger = new RecordingLogger()
    const storage = memoryStorage(10_000, logger)
    const [orders, clicks] = [await openLog(storage, 'orders'), await openLog(storage, 'clicks')]
    appendOne(orders, { paddingBytes: 6000 })
    appendOne(clicks, { paddingBytes: 1000 })
    for (let count = 0; count < 3; count++) {
      expect(() => appendOne(clicks, { paddingBytes: 3000 })).toThrow(StorageError)
    }
    expect(clicks.endOffset).toBe(1n)
    expect(logger.lines).toHaveLength(1)
    expect(logger.lines[0]).toMatchObject({
      level: 'error',
      fields: { largestTopics: [{ topic: 'orders' }, { topic: 'clicks' }] },
    })
    expect(logger.lines[0]?.message).toContain('memory.log.bytes')
    appendOne(clicks, { paddingBytes: 100 })
  })

  test('what is deleted, truncated or rolled away makes room', async () => {
    const storage = memoryStorage(10_000)
    const orders = await openLog(storage, 'orders')
    appendOne(orders, { paddingBytes: 4000 })
    orders.roll()
    appendOne(orders, { paddingBytes: 4000 })
    await orders.deleteBefore(1n)
    appendOne(orders, { paddingBytes: 4000 })
    await orders.truncateTo(2n)
    appendOne(orders, { paddingBytes: 4000 })
    await storage.deletePartition(idOf('orders'))
    expect(storage.directories()[0]?.space().usableBytes).toBe(10_000n)
  })

  test('memory is recycled once the last reader has let go', async () => {
    const buffers = new Buffers({ checked: true })
    const storage = memoryStorage(1 << 20, new RecordingLogger(), buffers)
    const orders = await openLog(storage, 'orders')
    appendOne(orders, {})
    const pieces = await orders.read(0n, 1n, 1000, true)
    await storage.deletePartition(idOf('orders'))
    expect(buffers.idleBytes).toBe(0)
    for (const piece of pieces) piece.release()
    expect(buffers.idleBytes).toBe(8192)
  })
})
