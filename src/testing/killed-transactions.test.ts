import { expect, test } from '@jest/globals'
import { type ErrorName, errorName } from '../../protocol/errors.ts'
import { findCoordinator } from '../../protocol/messages/find-coordinator.ts'
import { offsetFetch } from '../../protocol/messages/offset-fetch.ts'
import { read, TestProducer } from '../apis/transactions/test-producer.ts'
import { seededRandom } from '../environment/random.ts'
import { killableBroker } from './test-killable-broker.ts'

const seed = Number(process.env['TEST_SEED'] ?? 23)

const broker = killableBroker('killed-transactions-')

const ask: ConstructorParameters<typeof TestProducer>[0] = (api, version, request) => broker.client.request(api, version, request)

const passing: ReadonlySet<string> = new Set(['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR', 'CONCURRENT_TRANSACTIONS'])

/** Again while the coordinator is being loaded, as clients do. */
async function settled(attempt: () => Promise<ErrorName>): Promise<ErrorName> {
  for (;;) {
    const error = await attempt()
    if (!passing.has(error)) return error
  }
}

async function committedOffset(): Promise<bigint> {
  for (;;) {
    await ask(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const { groups } = await ask(offsetFetch, 8, { groups: [{ groupId: 'g', topics }], requireStable: true })
    const [group] = groups!
    const partition = group!.topics[0]?.partitions[0]
    const error = errorName(group!.errorCode || (partition?.errorCode ?? 0)) ?? ''
    if (error === 'NONE') return partition!.committedOffset
    // Pending offsets are settled by the markers, which the restart writes.
    expect(['UNSTABLE_OFFSET_COMMIT', ...passing]).toContain(error)
  }
}

const kills = ['before the end is asked for', 'while the end is under way', 'when the end is answered'] as const

test.each([1, 2] as const)(
  'transactions of version %i are whole after kill -9 wherever it comes: a prepared one is completed, an open one goes on',
  async (version) => {
    const random = seededRandom(seed + version)
    const producer = new TestProducer(ask, 't', version)
    expect(await settled(() => producer.init())).toBe('NONE')
    expect(await committedOffset()).toBe(-1n)
    const committed: string[] = []
    let offset = -1n
    for (let round = 0; round < 6; round++) {
      const commit = random.bytes(1)[0]! % 3 !== 0
      const value = `round ${round}`
      if (version === 1) {
        expect(await producer.add('orders', 0)).toEqual(['NONE'])
        expect(await producer.addOffsets('g')).toBe('NONE')
      }
      expect(await producer.send('orders', 0, [value])).toBe('NONE')
      expect(await settled(() => producer.commitOffset('g', 'orders', BigInt(round)))).toBe('NONE')
      const point = kills[round % kills.length]!
      if (point === 'when the end is answered') expect(await producer.end(commit)).toBe('NONE')
      const underWay = point === 'while the end is under way' ? producer.end(commit).catch(() => {}) : undefined
      await broker.kill()
      await underWay
      await broker.start()
      // What was not answered is asked for again; it may be done already.
      if (point !== 'when the end is answered') expect(await settled(() => producer.end(commit))).toBe('NONE')
      expect(await producer.ended()).toBe(commit ? 'CompleteCommit' : 'CompleteAbort')
      if (commit) {
        committed.push(value)
        offset = BigInt(round)
      }
      const seen = await read(ask, 'orders', 'read_committed')
      expect(seen.values).toEqual(committed)
      expect(seen.lastStableOffset).toBe(seen.highWatermark)
      expect(await committedOffset()).toBe(offset)
    }
  },
  // Six starts of a process: on a busy machine that alone takes long.
  240_000,
)
