import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from './broker-process.ts'
import { type Client, findClient } from './client-list.ts'
import { ClientProcess } from './client-process.ts'
import {
  belowCommitted,
  expectSameRecords,
  expectSoundPartitions,
  makeHeaders,
  makeRecords,
  positionsAfter,
  readable,
} from './flow-records.ts'
import { GroupReader } from './group-reader.ts'
import { waitUntil } from './wait-until.ts'

const partitions = 4
const allPartitions = [0, 1, 2, 3]

/** What every client is to do with a broker on an ordinary day. */
export function everydayFlow(name: string): void {
  const client = findClient(name)
  describe(name, () => {
    if (client.missing) {
      test(`${name} runs`, () => {
        throw new Error(`not run: ${client.missing} is missing; compat-tests/setup.sh installs it`)
      })
      return
    }
    const session = new Session(client)
    beforeAll(() => session.start())
    afterAll(() => session.stop())

    test('what it writes in each codec, with keys and headers, it reads back', () => readsBack(session))
    test('its group resumes after both restarted: no record missed, none below a committed offset again', () => resumes(session))
    test('two members share the partitions, and one takes over what the other leaves', () => rebalances(session))
  })
}

/** The broker of one client, and the client's process. */
class Session {
  readonly client: Client
  #broker: BrokerProcess | undefined
  #process: ClientProcess | undefined

  constructor(client: Client) {
    this.client = client
  }

  get process(): ClientProcess {
    return this.#process!
  }

  async start(): Promise<void> {
    this.#broker = await BrokerProcess.start()
    this.#process = new ClientProcess(this.client, this.#broker.address)
  }

  async restartClient(): Promise<void> {
    await this.#process?.stop()
    this.#process = new ClientProcess(this.client, this.#broker!.address)
  }

  async restartBoth(): Promise<void> {
    await this.#process?.stop()
    expect(await this.#broker!.end()).not.toBeNull()
    await this.#broker!.start()
    this.#process = new ClientProcess(this.client, this.#broker!.address)
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
    await this.#broker?.stop()
  }

  /** Gives what a reader is to see. */
  async produce(topic: string, batch: string, count: number, codec = this.client.codecs[0]!): Promise<string[]> {
    const records = makeRecords(this.client.name, batch, count)
    const headers = makeHeaders(this.client.name, codec)
    await this.process.produce(topic, codec, headers, records)
    return records.map((record) => readable({ ...record, headers }))
  }
}

async function readsBack(session: Session): Promise<void> {
  await session.process.createTopic('codecs', partitions)
  const written: string[] = []
  for (const codec of session.client.codecs) written.push(...(await session.produce('codecs', codec, 40, codec)))
  const read = await session.process.readAll(['codecs'])
  expectSameRecords(read.map(readable), written)
  expectSoundPartitions(read)
}

async function resumes(session: Session): Promise<void> {
  await session.process.createTopic('resumed', partitions)
  const written: string[] = []
  for (const codec of session.client.codecs) written.push(...(await session.produce('resumed', codec, 40, codec)))

  const before = await GroupReader.open(session.process, 'before', 'resuming', 'resumed', 90)
  await before.readAtLeast(90)
  await before.commit()
  // Committed is what was handed out by then; what came after it may come again.
  const committed = positionsAfter(before.records)
  await before.close()

  await session.restartBoth()
  written.push(...(await session.produce('resumed', 'after', 20)))

  const after = await GroupReader.open(session.process, 'after', 'resuming', 'resumed')
  await waitUntil(
    async () => new Set([...before.records, ...(await after.poll()).records].map(readable)).size === written.length || undefined,
    () =>
      `the group reads ${written.length} records; before the restart it read ${before.records.length}, then ${after.records.length}`,
  )
  await after.commit()
  await after.close()
  const all = [...before.records, ...after.records]
  expect(belowCommitted(after.records, committed)).toEqual([])
  expectSameRecords([...new Set(all.map(readable))], written)

  await session.restartClient()
  const last = await session.produce('resumed', 'last', 10)
  const third = await GroupReader.open(session.process, 'third', 'resuming', 'resumed')
  await third.readAtLeast(last.length)
  await third.commit()
  await third.close()
  expectSameRecords(third.records.map(readable), last)
}

async function rebalances(session: Session): Promise<void> {
  await session.process.createTopic('shared', partitions)
  const one = await GroupReader.open(session.process, 'one', 'sharing', 'shared')
  await haveSharedOut([one], [partitions])
  const written = await session.produce('shared', 'first', 40)
  await haveRead([one], written)
  await one.commit()
  const committedByOne = positionsAfter(one.records)
  const readByOne = one.records.length

  const two = await GroupReader.open(session.process, 'two', 'sharing', 'shared')
  await haveSharedOut([one, two], [2, 2])
  written.push(...(await session.produce('shared', 'second', 40)))
  await haveRead([one, two], written)
  // What nobody has committed may come twice, and with some clients does.
  expect(belowCommitted([...one.records.slice(readByOne), ...two.records], committedByOne)).toEqual([])
  await one.commit()
  await two.commit()
  await two.close()
  const committedByBoth = positionsAfter([...one.records, ...two.records])
  const readByBoth = one.records.length

  await haveSharedOut([one], [partitions])
  written.push(...(await session.produce('shared', 'third', 40)))
  await haveRead([one, two], written, [one])
  expect(belowCommitted(one.records.slice(readByBoth), committedByBoth)).toEqual([])
  await one.close()
}

async function haveSharedOut(readers: readonly GroupReader[], counts: readonly number[]): Promise<void> {
  await waitUntil(
    async () => {
      for (const reader of readers) await reader.poll()
      const shared = readers.flatMap(({ assignment }) => assignment).sort()
      const counted = readers.map(({ assignment }) => assignment.length)
      return (counted.join() === counts.join() && shared.join() === allPartitions.join()) || undefined
    },
    () => `the members have ${counts} partitions; they have ${readers.map(({ assignment }) => `[${assignment}]`)}`,
  )
}

async function haveRead(readers: readonly GroupReader[], written: readonly string[], polled = readers): Promise<void> {
  const read = (): Set<string> => new Set(readers.flatMap(({ records }) => records).map(readable))
  await waitUntil(
    async () => {
      for (const reader of polled) await reader.poll()
      return read().size >= written.length || undefined
    },
    () => `the members read ${written.length} records; they read ${readers.map(({ records }) => records.length)}`,
  )
  expectSameRecords([...read()], written)
}
