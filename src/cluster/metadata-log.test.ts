import { describe, expect, test } from '@jest/globals'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { Buffers } from '../environment/buffers.ts'
import { silentLogger } from '../environment/silent-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { type ControlledPartition, ControlledStorage } from '../log/controlled-storage.ts'
import { MemoryStorage } from '../storage/memory/memory-storage.ts'
import { emptyImage, type MetadataImage } from './metadata-image.ts'
import { MetadataLog } from './metadata-log.ts'
import { type MetadataRecord, metadataRecord } from './metadata-record.ts'
import { recordOfConfig, recordOfFeature } from './metadata-record-builders.ts'

const image: MetadataImage = { ...emptyImage, features: new Map([['metadata.version', 30]]) }
const version = recordOfFeature('metadata.version', 30)
const setting = (name: string, value: string): MetadataRecord => recordOfConfig(2, 'orders', name, value)

/** A log whose writes become durable, or fail, when the test says so. */
class TestMetadataLog {
  readonly clock = new SimulatedClock()
  readonly memory = new MemoryStorage({
    time: this.clock,
    buffers: new Buffers(),
    logger: silentLogger,
    limitBytes: 256 << 20,
  })
  log!: MetadataLog
  image!: MetadataImage
  partition!: ControlledPartition
  retentionBytes = 1 << 30

  static async lead(): Promise<TestMetadataLog> {
    const test = new TestMetadataLog()
    await test.open()
    return test
  }

  async open(): Promise<void> {
    const storage = new ControlledStorage(this.memory)
    const { clock: time, retentionBytes } = this
    const { log, image: read } = await MetadataLog.open({ storage, time, nodeId: 1, retentionBytes })
    this.log = log
    this.image = read
    this.partition = storage.partitions.get('__cluster_metadata-0')!
    await this.durably(log.lead(image))
  }

  async reopen(): Promise<void> {
    await this.log.close()
    await this.open()
  }

  async durably<T>(committing: Promise<T>): Promise<T> {
    await this.turn()
    this.partition.write()
    this.partition.sync()
    return committing
  }

  commit(...records: readonly MetadataRecord[]) {
    return this.durably(this.log.commit(records, image))
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.clock.endOfTurn(resolve))
  }

  snapshotOf(read: MetadataImage): Promise<void> {
    return this.log.snapshot(read)
  }

  async files(): Promise<readonly string[]> {
    return [...(await this.partition.checkpoints.list())].sort()
  }
}

describe('the metadata log', () => {
  test('settles a commit once it is durable, not before', async () => {
    const test = await TestMetadataLog.lead()
    let settled = false
    const committing = test.log.commit([version], image).then((committed) => {
      settled = true
      return committed
    })
    test.partition.write()
    await test.turn()
    expect(settled).toBe(false)
    expect(await test.durably(committing)).toMatchObject({ endOffset: 2n, epoch: 1 })
  })

  test('has nothing of a commit whose write failed, and takes the next one', async () => {
    const test = await TestMetadataLog.lead()
    await test.commit(version)
    const failing = test.log.commit([setting('retention.ms', '1')], image)
    const refused = expect(failing).rejects.toThrow('no space is left')
    await test.turn()
    test.partition.failWrite()
    await refused
    await test.commit(setting('retention.ms', '2'))
    await test.reopen()
    expect(test.image.configs.get(2)?.get('orders')).toEqual(new Map([['retention.ms', '2']]))
  })

  test('takes nothing after a failed sync', async () => {
    const test = await TestMetadataLog.lead()
    const failing = test.log.commit([version], image)
    const refused = expect(failing).rejects.toThrow('the disk does not answer')
    await test.turn()
    test.partition.failSync()
    await refused
    await expect(test.log.commit([version], image)).rejects.toThrow()
  })

  test('writes a change that is larger than a batch as a transaction', async () => {
    const test = await TestMetadataLog.lead()
    await test.commit(version)
    const large = Array.from({ length: 500 }, (_, index) => setting(`name.${index}`, 'x'.repeat(32_000)))
    await test.commit(...large)
    await test.reopen()
    expect(test.image.configs.get(2)?.get('orders')?.size).toBe(500)
  })

  test('drops the transaction that a stopped leader left open, and says so in the log', async () => {
    const test = await TestMetadataLog.lead()
    await test.commit(version)
    await test.commit(metadataRecord(beginTransactionRecord, { name: 'x' }), setting('retention.ms', '1'))
    await test.log.close()
    const reopening = test.open()
    await test.turn()
    await test.turn()
    test.partition.write()
    test.partition.sync()
    await reopening
    expect(test.image.configs.size).toBe(0)
    await test.commit(setting('retention.ms', '2'))
    await test.reopen()
    expect(test.image.configs.get(2)?.get('orders')?.get('retention.ms')).toBe('2')
  })

  test('uses no epoch twice, also when nothing of it reached the log', async () => {
    const test = await TestMetadataLog.lead()
    await test.commit(version)
    await test.reopen()
    await test.reopen()
    expect(test.log.epoch).toBe(3)
    await test.partition.checkpoints.save('quorum-state', Buffer.from('{"leaderEpoch":9,"data_version":1}'))
    await test.reopen()
    expect(test.log.epoch).toBe(10)
  })

  test('is not continued where others vote', async () => {
    const test = await TestMetadataLog.lead()
    const voters = '{"leaderId":2,"leaderEpoch":4,"currentVoters":[{"voterId":1},{"voterId":2}],"data_version":0}'
    await test.partition.checkpoints.save('quorum-state', Buffer.from(voters))
    await expect(test.reopen()).rejects.toThrow('The metadata log has the voters 1, 2')
  })

  test('lets the oldest snapshots go above its limit, and keeps the newest', async () => {
    const test = new TestMetadataLog()
    test.retentionBytes = 0
    await test.open()
    await test.commit(version)
    for (const value of ['1', '2', '3']) {
      const { endOffset, epoch, timestampMs } = await test.commit(setting('retention.ms', value))
      await test.snapshotOf({ ...image, endOffset, epoch, timestampMs })
    }
    expect(await test.files()).toEqual(['00000000000000000005-0000000001.checkpoint', 'quorum-state'])
  })

  test('begins anew at a snapshot that lies beyond its end', async () => {
    const test = await TestMetadataLog.lead()
    await test.commit(version)
    await test.snapshotOf({ ...image, endOffset: 90n, epoch: 7 })
    await test.reopen()
    expect(test.image).toMatchObject({ endOffset: 90n, epoch: 7 })
    expect([test.log.epoch, test.log.endOffset]).toEqual([8, 91n])
  })
})
