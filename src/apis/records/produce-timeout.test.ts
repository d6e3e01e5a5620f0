import { expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { emptyImage } from '../../cluster/metadata-image.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import type { AppendedBatch, PartitionLog } from '../../log/partition-log.ts'
import type { RequestContext } from '../context.ts'
import { handleProduce } from './produce.ts'
import { testBatch } from './test-batch.ts'

/** A log that takes batches at once and makes them durable when the test says so. */
function slowLog(durable: Promise<void> | undefined): PartitionLog {
  const appended: AppendedBatch = { baseOffset: 4n, lastOffset: 4n, logAppendTimeMs: -1n, duplicate: false }
  return {
    logStartOffset: 0n,
    prepare: () => ({}),
    append: () => appended,
    whenDurable: () => durable,
    whenWritten: () => undefined,
  } as unknown as PartitionLog
}

function answerOver(logs: readonly PartitionLog[], clock: SimulatedClock) {
  const context = {
    version: 9,
    clientId: 'test',
    services: {
      cluster: { nodes: [], image: emptyImage },
      node: { leaderLog: (_topic: unknown, partition: number) => logs[partition] },
      environment: { real: clock },
      whenWritable: () => undefined,
    },
  } as unknown as RequestContext
  const partitionData = logs.map((_, index) => ({ index, records: testBatch([{}]) }))
  const topicData = [{ name: 'orders', topicId: '', partitionData }]
  return handleProduce({ transactionalId: null, acks: -1, timeoutMs: 1000, topicData }, context)
}

test('a partition that is not durable in time is REQUEST_TIMED_OUT, and the others are answered', async () => {
  const clock = new SimulatedClock(0)
  const { ordered, response } = answerOver([slowLog(undefined), slowLog(new Promise(() => {}))], clock)
  expect(ordered).toBeUndefined()
  await clock.advance(1000)
  const answer = await response
  if (answer === null || answer === 'close') throw new Error('The request is answered.')
  expect(
    answer.responses[0]!.partitionResponses.map((partition) => [errorName(partition.errorCode), partition.baseOffset]),
  ).toEqual([
    ['NONE', 4n],
    ['REQUEST_TIMED_OUT', -1n],
  ])
})

test('the timeout ends with the wait', async () => {
  const clock = new SimulatedClock(0)
  const { response } = answerOver([slowLog(Promise.resolve())], clock)
  const answer = await response
  if (answer === null || answer === 'close') throw new Error('The request is answered.')
  expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  expect(clock.timerCount).toBe(0)
})
