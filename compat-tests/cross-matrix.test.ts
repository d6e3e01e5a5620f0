import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from './broker-process.ts'
import { type Client, type Codec, readClients } from './client-list.ts'
import { ClientProcess, type ReadRecord } from './client-process.ts'
import { expectSameRecords, makeHeaders, makeRecords, readable } from './flow-records.ts'

const recordCount = 12
const codecs: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

const clients = readClients().filter(({ missing }) => !missing)
const pairs = clients.flatMap((reader) => clients.map((writer) => [reader.name, writer.name] as const))

/** One topic for each codec, since a reader cannot get past a batch that it cannot decompress. */
const topicOf = (codec: Codec): string => `matrix-${codec}`

function written(writer: Client): string[] {
  return writer.codecs.flatMap((codec) => {
    const headers = makeHeaders(writer.name, codec)
    return makeRecords(writer.name, codec, recordCount).map((record) => readable({ ...record, headers }))
  })
}

describe('the cross matrix: each client reads what each client wrote', () => {
  let broker: BrokerProcess
  const readBy = new Map<string, ReadRecord[] | Error>()

  async function write(writer: Client, process: ClientProcess): Promise<void> {
    for (const codec of writer.codecs) {
      const records = makeRecords(writer.name, codec, recordCount)
      await process.produce(topicOf(codec), codec, makeHeaders(writer.name, codec), records)
    }
  }

  /** Two at a time, which is what the machine has processors for; a failure is that client's alone. */
  async function forEachClient(
    work: (client: Client, process: ClientProcess) => Promise<void>,
    processes: Map<string, ClientProcess>,
  ) {
    const left = [...clients]
    const takeTurns = async (): Promise<void> => {
      for (let client = left.shift(); client; client = left.shift()) {
        try {
          await work(client, processes.get(client.name)!)
        } catch (error) {
          readBy.set(client.name, error as Error)
        }
      }
    }
    await Promise.all([takeTurns(), takeTurns()])
  }

  beforeAll(async () => {
    broker = await BrokerProcess.start()
    const processes = new Map(clients.map((client) => [client.name, new ClientProcess(client, broker.address)]))
    // Not the first of the list: which client makes the topics is no part of this.
    const maker = processes.get('java') ?? [...processes.values()][0]!
    for (const codec of codecs) await maker.createTopic(topicOf(codec), 3)
    await forEachClient(write, processes)
    await forEachClient(async (reader, process) => {
      if (!readBy.has(reader.name)) readBy.set(reader.name, await process.readAll(reader.codecs.map(topicOf)))
    }, processes)
    await Promise.all([...processes.values()].map((process) => process.stop()))
  }, 300_000)

  afterAll(() => broker?.stop())

  test.each(pairs)('%s reads what %s wrote', (reader, writer) => {
    const read = readBy.get(reader)
    if (read instanceof Error) throw read
    const fromWriter = read!.filter(({ headers }) => headers['writer'] === writer).map(readable)
    expect(fromWriter.length).toBeGreaterThan(0)
    expectSameRecords(fromWriter, written(clients.find(({ name }) => name === writer)!))
  })
})
