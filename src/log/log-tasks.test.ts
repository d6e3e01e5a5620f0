import { describe, expect, test } from '@jest/globals'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { LogTasks, type LogTaskTimes } from './log-tasks.ts'
import type { PartitionLog } from './partition-log.ts'
import { UnsavedBytes } from './unsaved-bytes.ts'

const times: LogTaskTimes = { initialDelayMs: 30_000, retentionCheckMs: 300_000, checkpointMs: 60_000, flushMs: 1000 }

class Recorded {
  readonly done: string[] = []
  readonly clock = new SimulatedClock()
  readonly logger = new RecordingLogger()
  readonly unsaved = new UnsavedBytes()
  fails = false
  readonly tasks: LogTasks

  constructor(changed: Partial<LogTaskTimes> = {}, count = 1) {
    const logs = Array.from({ length: count }, (_, partition) => this.#log(partition))
    const { clock: time, logger, unsaved } = this
    this.tasks = new LogTasks({ logs: () => logs, unsaved, times: { ...times, ...changed }, time, logger })
    this.tasks.start()
  }

  /** How often each was done meanwhile. */
  async during(milliseconds: number): Promise<Record<string, number>> {
    this.done.length = 0
    await this.clock.advance(milliseconds)
    await new Promise<void>((resolve) => this.clock.endOfTurn(resolve))
    const counts: Record<string, number> = {}
    for (const what of this.done) counts[what] = (counts[what] ?? 0) + 1
    return counts
  }

  #log(partition: number): PartitionLog {
    const does = (what: string) => async () => {
      this.done.push(what)
      if (this.fails) throw new Error('the disk is gone')
    }
    const log: Partial<PartitionLog> = {
      id: { topicId: '', topic: 'orders', partition },
      applyRetention: does('retention'),
      checkpoint: does('checkpoint'),
      flushIfDue: does('flush'),
    }
    return log as PartitionLog
  }
}

describe('what is done to all logs from time to time', () => {
  test('begins after log.initial.task.delay.ms and comes again after the interval of each', async () => {
    const recorded = new Recorded({ flushMs: null })
    expect(await recorded.during(29_999)).toEqual({})
    expect(await recorded.during(1)).toEqual({ retention: 1, checkpoint: 1 })
    expect(await recorded.during(299_999)).toEqual({ checkpoint: 4 })
    expect(await recorded.during(1)).toMatchObject({ retention: 1 })
  })

  test('is a checkpoint, too, when a gigabyte was written since the last one', async () => {
    const recorded = new Recorded({ flushMs: null })
    const gigabyte = 1024 ** 3
    recorded.unsaved.added(gigabyte - 1)
    expect(await recorded.during(10_000)).toEqual({})
    recorded.unsaved.added(1)
    // That log is in the midst of an append.
    expect(recorded.done).toEqual([])
    expect(await recorded.during(0)).toEqual({ checkpoint: 1 })
    expect(await recorded.during(59_999)).not.toHaveProperty('checkpoint')
    expect(await recorded.during(1)).toMatchObject({ checkpoint: 1 })
    await recorded.tasks.stop()
    recorded.unsaved.added(gigabyte)
    expect(await recorded.during(60_000)).toEqual({})
  })

  test('is not a flush before the end of time, which is the default', async () => {
    const recorded = new Recorded({ flushMs: 2 ** 63, checkpointMs: null, retentionCheckMs: 365 * 86_400_000 })
    expect(await recorded.during(10 * 365 * 86_400_000)).not.toHaveProperty('flush')
  })

  test('is done to each of many logs', async () => {
    const recorded = new Recorded({}, 5000)
    expect(await recorded.during(30_000)).toMatchObject({ retention: 5000 })
  })

  test('goes on where it fails, which is said once', async () => {
    const recorded = new Recorded({ checkpointMs: null, flushMs: null }, 2)
    recorded.fails = true
    await recorded.during(30_000 + 3 * 300_000)
    expect(recorded.logger.messages('error')).toEqual([
      'The retention of orders-0 failed; it is tried again each time.',
      'The retention of orders-1 failed; it is tried again each time.',
    ])
  })

  test('ends with the stop', async () => {
    const recorded = new Recorded()
    await recorded.during(30_000)
    await recorded.tasks.stop()
    expect(recorded.clock.timerCount).toBe(0)
    expect(await recorded.during(1_000_000)).toEqual({})
  })
})
