import { beforeEach, describe, expect, test } from '@jest/globals'
import { RecordingLogger } from '../../environment/recording-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { MemoryNamedBytes } from '../memory/memory-named-bytes.ts'
import { type CheckpointedLog, highWatermarksFile, OffsetCheckpoints, recoveryPointsFile } from './offset-checkpoints.ts'

class TestLog implements CheckpointedLog {
  readonly topic: string
  readonly partition = 0
  recoveryPoint = 0n
  durableEnd = 0n
  readonly checkpoints: boolean[] = []

  constructor(topic: string) {
    this.topic = topic
  }

  async checkpoint(isIdle: boolean): Promise<void> {
    this.checkpoints.push(isIdle)
  }
}

class CountedNamedBytes extends MemoryNamedBytes {
  saves = 0
  failure: Error | null = null

  override async save(name: string, bytes: Buffer): Promise<void> {
    this.saves++
    if (this.failure !== null) throw this.failure
    await super.save(name, bytes)
  }
}

let time = new SimulatedClock()
let files = new CountedNamedBytes()
let logger = new RecordingLogger()
let checkpoints = made()
const orders = () => new TestLog('orders')

beforeEach(() => {
  time = new SimulatedClock()
  files = new CountedNamedBytes()
  logger = new RecordingLogger()
  checkpoints = made()
})

function made(): OffsetCheckpoints {
  return new OffsetCheckpoints({ files, time, logger, intervals: { recoveryPointMs: 60_000, highWatermarkMs: 5000 } })
}

async function textOf(name: string): Promise<string | undefined> {
  return (await files.load(name))?.toString()
}

async function advance(milliseconds: number): Promise<void> {
  await time.advance(milliseconds)
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('the files of offsets of a directory', () => {
  test('are Kafka’s: a line for each partition, a while after something was appended', async () => {
    const [one, other] = [orders(), new TestLog('with-dash')]
    checkpoints.add(one)
    checkpoints.add(other)
    one.durableEnd = 12n
    one.recoveryPoint = 10n
    checkpoints.appended(one, 100)
    await advance(4999)
    expect(files.saves).toBe(0)
    await advance(1)
    expect(await textOf(highWatermarksFile)).toBe('0\n2\norders 0 12\nwith-dash 0 0\n')
    await advance(55_000)
    expect(await textOf(recoveryPointsFile)).toBe('0\n2\norders 0 10\nwith-dash 0 0\n')
    expect(one.checkpoints).toEqual([false])
    expect(other.checkpoints).toEqual([])
  })

  test('are not written while all is idle, once what rests was written down', async () => {
    const log = orders()
    checkpoints.add(log)
    checkpoints.appended(log, 1)
    await advance(300_000)
    expect(log.checkpoints).toEqual([false, true])
    expect(time.timerCount).toBe(0)
  })

  test('come sooner where much was written, so that a start after a crash checks little', async () => {
    const log = orders()
    checkpoints.add(log)
    checkpoints.appended(log, 1)
    await advance(2000)
    checkpoints.appended(log, 200 * 1024 * 1024)
    await advance(0)
    expect(log.checkpoints).toEqual([false])
    checkpoints.appended(log, 200 * 1024 * 1024)
    await advance(999)
    expect(log.checkpoints).toEqual([false])
    await advance(1)
    expect(log.checkpoints).toEqual([false, false])
  })

  test('wait for a start to be over, however much it checked', async () => {
    await checkpoints.load()
    const log = orders()
    checkpoints.add(log)
    checkpoints.appended(log, 200 * 1024 * 1024)
    await advance(4999)
    expect(log.checkpoints).toEqual([])
    await advance(1)
    expect(log.checkpoints).toEqual([false])
  })

  test('say how far a log was synced at the last start; a file that is none says nothing', async () => {
    await files.save(recoveryPointsFile, Buffer.from('0\n2\norders 0 77\norders 1 -5\n'))
    await checkpoints.load()
    expect([checkpoints.recoveryPoint('orders', 0), checkpoints.recoveryPoint('orders', 1)]).toEqual([77n, 0n])
    await files.save(recoveryPointsFile, Buffer.from('0\n9\norders 0 77\n'))
    await checkpoints.load()
    expect(checkpoints.recoveryPoint('orders', 0)).toBe(0n)
    expect(logger.messages('warn')).toHaveLength(1)
  })

  test('keep what is known of logs that are not open yet', async () => {
    await files.save(recoveryPointsFile, Buffer.from('0\n2\norders 0 77\nothers 0 5\n'))
    await checkpoints.load()
    const log = new TestLog('others')
    checkpoints.add(log)
    log.recoveryPoint = 6n
    await checkpoints.finish()
    expect(await textOf(recoveryPointsFile)).toBe('0\n2\norders 0 77\nothers 0 6\n')
  })

  test('are lowered before a log is cut, and written then only if they were higher', async () => {
    const log = orders()
    checkpoints.add(log)
    log.recoveryPoint = 50n
    await checkpoints.lower(log)
    expect(files.saves).toBe(0)
    checkpoints.appended(log, 1)
    await advance(60_000)
    log.recoveryPoint = 20n
    await checkpoints.lower(log)
    expect(await textOf(recoveryPointsFile)).toBe('0\n1\norders 0 20\n')
    files.failure = new Error('no space')
    log.recoveryPoint = 10n
    await expect(checkpoints.lower(log)).rejects.toThrow('no space')
  })

  test('forget a name before another log takes it', async () => {
    await files.save(recoveryPointsFile, Buffer.from('0\n1\norders 0 77\n'))
    await checkpoints.load()
    await checkpoints.forget('orders', 0)
    expect(await textOf(recoveryPointsFile)).toBe('0\n0\n')
    const saves = files.saves
    await checkpoints.forget('orders', 1)
    expect(files.saves).toBe(saves)
  })

  test('that cannot be written cost a log line, and are tried again', async () => {
    const log = orders()
    checkpoints.add(log)
    log.recoveryPoint = 3n
    files.failure = new Error('no space')
    checkpoints.appended(log, 1)
    await advance(60_000)
    expect(logger.messages('error').length).toBeGreaterThan(0)
    files.failure = null
    checkpoints.appended(log, 1)
    await advance(60_000)
    expect(await textOf(recoveryPointsFile)).toBe('0\n1\norders 0 3\n')
  })
})
