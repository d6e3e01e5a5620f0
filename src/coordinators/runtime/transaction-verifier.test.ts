import { expect, test } from '@jest/globals'
import { type ErrorName, errorCode } from '../../../protocol/errors.ts'
import type { BrokerConfig } from '../../config/broker-config.ts'
import { Buffers } from '../../environment/buffers.ts'
import type { Environment } from '../../environment/environment.ts'
import { seededRandom } from '../../environment/random.ts'
import { silentLogger } from '../../environment/silent-logger.ts'
import { SimulatedClock } from '../../environment/simulated-clock.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import type { AddPartitions, AddPartitionsAnswer } from '../transaction/transaction-request.ts'
import type { CoordinatorCaller } from './coordinator.ts'
import { type TransactionSupport, TransactionVerifier, type TransactionVerifierOptions } from './transaction-verifier.ts'

const caller: CoordinatorCaller = {
  version: 12,
  clientId: 'client',
  clientHost: '127.0.0.1',
  principal: 'User:ANONYMOUS',
  connection: { id: 1, onClose: () => () => {} },
}

const settings: Readonly<Record<string, unknown>> = {
  'transaction.partition.verification.enable': false,
  'add.partitions.to.txn.retry.backoff.ms': 20,
  'add.partitions.to.txn.retry.backoff.max.ms': 100,
}

function verifierThatHears(...answers: (ErrorName | AddPartitionsAnswer)[]) {
  const clock = new SimulatedClock()
  const asked: AddPartitions[] = []
  const ending = new Map<string, Promise<void>>()
  const transactions = {
    whenEnded: (transactionalId: string) => ending.get(transactionalId),
    request: async (_id: string, { request }: { readonly request: AddPartitions }) => {
      asked.push(request)
      const answer = answers[Math.min(asked.length, answers.length) - 1]!
      return typeof answer === 'string' ? { errorCode: errorCode(answer), missing: [] } : answer
    },
  } as unknown as TransactionVerifierOptions['transactions']
  const environment: Environment = {
    time: clock,
    real: clock,
    random: seededRandom(1),
    logger: silentLogger,
    files: new SystemFiles(),
    buffers: new Buffers(),
  }
  const config = { get: (name: string) => settings[name] } as unknown as BrokerConfig
  const verifier = new TransactionVerifier({ transactions, node: { config }, environment })
  const writes = (support: TransactionSupport) => ({
    transactionalId: 't',
    producer: { id: 7n, epoch: 0 },
    partitions: [0, 1].map((partition) => ({ topic: 'orders', partition })),
    support,
  })
  return { verifier, asked, clock, writes, ending }
}

test.each([
  ['verify-old', 'INVALID_TXN_STATE'],
  ['verify', 'TRANSACTION_ABORTABLE'],
] as const)('%s only looks, and what is missing is %s', async (support, error) => {
  const missing = [{ topic: 'orders', partition: 1 }]
  const { verifier, asked, writes } = verifierThatHears({ errorCode: 0, missing })
  expect(await verifier.ask(writes(support), caller)).toEqual([null, error])
  expect(asked).toMatchObject([{ verifyOnly: true, transactionVersion: 0 }])
})

test('add asks once for all partitions, and a fenced producer is told INVALID_PRODUCER_EPOCH', async () => {
  const { verifier, asked, writes } = verifierThatHears('NONE', 'PRODUCER_FENCED')
  expect(await verifier.ask(writes('add'), caller)).toEqual([null, null])
  expect(await verifier.ask(writes('add'), caller)).toEqual(['INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_EPOCH'])
  expect(asked[0]).toMatchObject({ verifyOnly: false, transactionVersion: 2, partitions: [{ partition: 0 }, { partition: 1 }] })
})

test('what is only verified need not be where that is turned off; what is added always', () => {
  const { verifier } = verifierThatHears()
  expect((['verify-old', 'verify', 'add'] as const).map((support) => verifier.isNeeded(support))).toEqual([false, false, true])
})

test('while the transaction before ends a Produce that adds waits a little, and goes on when that is over', async () => {
  const { verifier, asked, clock, writes } = verifierThatHears('CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS', 'NONE')
  let begun = 0
  const again = () => ({ ...writes('add'), begun: ++begun })
  const answer = verifier.askPatiently(again(), again, caller)
  await new Promise<void>((resolve) => clock.endOfTurn(resolve))
  await clock.advance(40)
  expect(await answer).toMatchObject({ writes: { begun: 3 }, refusals: [null, null] })
  expect([asked.length, clock.timerCount]).toEqual([3, 0])
})

test('a Produce goes on the moment that the end of the transaction before is written', async () => {
  const { verifier, asked, clock, writes, ending } = verifierThatHears('CONCURRENT_TRANSACTIONS', 'NONE')
  let end = (): void => {}
  ending.set('t', new Promise((resolve) => (end = resolve)))
  const answer = verifier.askPatiently(writes('add'), () => writes('add'), caller)
  await new Promise<void>((resolve) => clock.endOfTurn(resolve))
  end()
  expect(await answer).toMatchObject({ refusals: [null, null] })
  expect([asked.length, clock.timerCount, clock.nowMs()]).toEqual([2, 0, new SimulatedClock().nowMs()])
})

test('after a tenth of a second its client is told to come again', async () => {
  const { verifier, asked, clock, writes } = verifierThatHears('CONCURRENT_TRANSACTIONS')
  const answer = verifier.askPatiently(writes('add'), () => writes('add'), caller)
  await new Promise<void>((resolve) => clock.endOfTurn(resolve))
  await clock.advance(1000)
  expect((await answer)?.refusals).toEqual(['CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS'])
  expect(asked).toHaveLength(6)
})

test('who only verifies does not wait', async () => {
  const { verifier, asked, writes } = verifierThatHears('CONCURRENT_TRANSACTIONS', 'NONE')
  const answer = await verifier.askPatiently(writes('verify'), () => writes('verify'), caller)
  expect(answer?.refusals).toEqual(['CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS'])
  expect(asked).toHaveLength(1)
})

test('what was refused meanwhile is not asked for again', async () => {
  const { verifier, asked, clock, writes } = verifierThatHears('CONCURRENT_TRANSACTIONS')
  const answer = verifier.askPatiently(writes('add'), () => null, caller)
  await new Promise<void>((resolve) => clock.endOfTurn(resolve))
  await clock.advance(20)
  expect([await answer, asked.length]).toEqual([null, 1])
})
