import { afterEach, describe, expect, test } from '@jest/globals'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import { fetch } from '../../protocol/messages/fetch.ts'
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { metadata } from '../../protocol/messages/metadata.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { OwnedRecords, type Retained } from '../../protocol/records/records-slice.ts'
import { decodeResponse, encodeRequest, ProtocolClient } from '../testing/protocol-client.ts'
import { pipelinedRow, row, TestListener, type TestListenerOptions } from './test-listener.ts'

type Rows = Parameters<typeof TestListener.open>[0]

/** A promise and who settles it. */
function later<T = void>() {
  let settle: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    settle = resolve
  })
  return { promise, settle }
}

const open: { listener: TestListener; clients: ProtocolClient[] }[] = []

/** A listener that must have all its memory back when the test is over. */
async function listen(rows: Rows, options: TestListenerOptions = {}) {
  const listener = await TestListener.open(rows, options)
  const clients: ProtocolClient[] = []
  open.push({ listener, clients })
  const connect = async (): Promise<ProtocolClient> => {
    const client = await ProtocolClient.connect(listener.port)
    clients.push(client)
    return client
  }
  return { listener, connect }
}

afterEach(async () => {
  for (const { listener, clients } of open.splice(0)) {
    for (const client of clients) await client.close()
    await listener.until(() => listener.listener.connectionCount === 0)
    await listener.turn()
    expect(listener.received.reservedBytes).toBe(0)
    expect(listener.buffers.taken).toBe(0)
    await listener.close()
    expect(listener.clock.timerCount).toBe(0)
  }
})

const beat = (memberId: string) => ({ groupId: 'g', generationId: 1, memberId })
const produceBody = (records: Buffer, acks = 1) => ({
  transactionalId: null,
  acks,
  timeoutMs: 1000,
  topicData: [{ name: 'orders', partitionData: [{ index: 0, records: new OwnedRecords(records) }] }],
})
const produced = { responses: [{ name: 'orders', partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0n }] }] }
const beatRow = row(heartbeat, (request) => ({ errorCode: request.memberId.length }))

describe('the order of a connection', () => {
  test('requests in one packet are answered in their order', async () => {
    const { connect } = await listen([beatRow])
    const client = await connect()
    const answers = await Promise.all(['', 'a', 'bb', 'ccc'].map((member) => client.request(heartbeat, 4, beat(member))))
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, 1, 2, 3])
  })

  test('the next request waits for the answer to the one before', async () => {
    const { promise, settle } = later()
    const started: string[] = []
    const { listener, connect } = await listen([
      row(heartbeat, async ({ memberId }) => {
        started.push(memberId)
        if (memberId === 'first') await promise
        return { errorCode: 0 }
      }),
    ])
    const client = await connect()
    const answers = ['first', 'second'].map((member) => client.request(heartbeat, 4, beat(member)))
    await listener.until(() => started.length === 1)
    await listener.turn()
    expect(started).toEqual(['first'])
    settle()
    await Promise.all(answers)
    expect(started).toEqual(['first', 'second'])
  })

  test('behind a pipelined request the next starts at once, and its answer waits its turn', async () => {
    const { promise, settle } = later()
    const { listener, connect } = await listen([
      pipelinedRow(produce, () => ({ ordered: undefined, response: promise.then(() => produced) })),
      beatRow,
    ])
    const client = await connect()
    const order: string[] = []
    const produceAnswer = client.request(produce, 9, produceBody(Buffer.alloc(100))).then(() => order.push('produce'))
    const beatAnswer = client.request(heartbeat, 4, beat('abc')).then(() => order.push('heartbeat'))
    await listener.until(() => [...listener.listener.connections].some(({ awaitsAnswer }) => awaitsAnswer))
    await listener.turn()
    expect(order).toEqual([])
    settle()
    await Promise.all([produceAnswer, beatAnswer])
    expect(order).toEqual(['produce', 'heartbeat'])
  })

  test('a pipelined request that is not ordered yet holds the next one back and keeps its records in reach', async () => {
    const { promise, settle } = later()
    const records = Buffer.alloc(5000, 'r')
    const seen: string[] = []
    const { listener, connect } = await listen([
      pipelinedRow(produce, (request) => {
        const slice = request.topicData[0]?.partitionData[0]?.records
        seen.push('produce')
        return {
          ordered: promise.then(() => void seen.push(slice?.view().equals(records) === true ? 'intact' : 'overwritten')),
          response: promise.then(() => produced),
        }
      }),
      row(heartbeat, () => {
        seen.push('heartbeat')
        return { errorCode: 0 }
      }),
    ])
    const client = await connect()
    const answers = [client.request(produce, 9, produceBody(records)), client.request(heartbeat, 4, beat(''))]
    await listener.until(() => seen.length === 1)
    // Other bytes go through the memory that all connections read into.
    const other = await connect()
    other.write(Buffer.concat([Buffer.from([0, 0, 0x40, 0, 0, heartbeat.key, 0, 4]), Buffer.alloc(3000, 'x')]))
    await listener.until(() => listener.listener.connectionCount === 2)
    await listener.turn()
    settle()
    await Promise.all(answers)
    expect(seen).toEqual(['produce', 'intact', 'heartbeat'])
  })

  test('retained records outlive their request, until they are released', async () => {
    const kept: Retained[] = []
    const { listener, connect } = await listen([
      pipelinedRow(produce, (request) => {
        for (const { partitionData } of request.topicData) {
          for (const { records } of partitionData) if (records !== null) kept.push(records.retain())
        }
        return { ordered: undefined, response: produced }
      }),
    ])
    const client = await connect()
    const [small, large] = [Buffer.alloc(500, 's'), Buffer.alloc(3_000_000, 'l')]
    for (const records of [small, large, small]) await client.request(produce, 9, produceBody(records))
    expect(kept.map(({ bytes }) => bytes.length)).toEqual([500, 3_000_000, 500])
    expect(kept.every(({ bytes }, index) => bytes.equals([small, large, small][index] as Buffer))).toBe(true)
    expect(listener.received.reservedBytes).toBeGreaterThan(3_000_000)
    for (const { release } of kept) release()
    expect(listener.received.reservedBytes).toBe(0)
  })

  test('Produce with acks=0 is not answered, and those behind it are', async () => {
    const { connect } = await listen([pipelinedRow(produce, () => ({ ordered: undefined, response: null })), beatRow])
    const client = await connect()
    client.send(produce, 9, produceBody(Buffer.alloc(10), 0))
    const { errorCode } = await client.request(heartbeat, 4, beat('ab'))
    expect(errorCode).toBe(2)
  })

  test('a request without an answer that fails closes the connection, after the answers to those before it', async () => {
    const { promise, settle } = later()
    const { listener, connect } = await listen([
      pipelinedRow(produce, ({ acks }) => ({
        ordered: undefined,
        response: acks === 0 ? 'close' : promise.then(() => produced),
      })),
      beatRow,
    ])
    const client = await connect()
    const answer = client.request(produce, 9, produceBody(Buffer.alloc(10)))
    client.send(produce, 9, produceBody(Buffer.alloc(10), 0))
    const late = expect(client.request(heartbeat, 4, beat(''))).rejects.toThrow('closed the connection')
    await listener.until(() => listener.logger.messages('info').length === 1)
    settle()
    expect((await answer).responses).toHaveLength(1)
    await client.closed
    await late
    expect(listener.logger.messages('info')[0]).toMatch(/^Closed the connection of 127\.0\.0\.1: its Produce request was refused/)
  })

  test('what waits for the answer to have left runs once, and also when the client has gone', async () => {
    const ran: string[] = []
    const { promise, settle } = later()
    const { listener, connect } = await listen([
      row(heartbeat, async ({ memberId }, context) => {
        context.afterResponse(() => ran.push(memberId))
        if (memberId === 'waits') await promise
        return { errorCode: 0 }
      }),
    ])
    const client = await connect()
    await client.request(heartbeat, 4, beat('answered'))
    expect(ran).toEqual(['answered'])
    client.send(heartbeat, 4, beat('waits'))
    await listener.until(() => [...listener.listener.connections].some(({ awaitsAnswer }) => awaitsAnswer))
    await client.close()
    await listener.until(() => listener.listener.connectionCount === 0)
    expect(ran).toEqual(['answered', 'waits'])
    settle()
    await listener.turn()
    expect(ran).toEqual(['answered', 'waits'])
  })
})

describe('clients that go away or send nonsense', () => {
  test('a client that leaves during a long poll is noticed at once', async () => {
    const ended = later<string>()
    const { listener, connect } = await listen([
      row(
        fetch,
        (_request, { connection }) =>
          new Promise((resolve) => {
            connection.onClose(() => {
              ended.settle('closed')
              resolve({ errorCode: 0, responses: [] })
            })
          }),
      ),
    ])
    const client = await connect()
    client.send(fetch, 12, { maxWaitMs: 2_147_483_647, minBytes: 1, topics: [] })
    await listener.until(() => [...listener.listener.connections].some(({ awaitsAnswer }) => awaitsAnswer))
    await client.close()
    expect(await ended.promise).toBe('closed')
  })

  test('a client that ends its side only is closed, as in Kafka', async () => {
    const { connect } = await listen([beatRow])
    const client = await connect()
    await client.request(heartbeat, 4, beat(''))
    client.socket.end()
    await client.closed
  })

  test('a client that breaks off within a frame leaves nothing behind', async () => {
    const { listener, connect } = await listen([beatRow])
    const client = await connect()
    client.write(Buffer.concat([Buffer.from([0, 0x10, 0, 0, 0, heartbeat.key, 0, 4]), Buffer.alloc(5000)]))
    await listener.until(() => listener.received.reservedBytes > 0)
    client.socket.resetAndDestroy()
    await client.closed
    await listener.until(() => listener.listener.connectionCount === 0)
    expect(listener.logger.messages('info')).toEqual([])
  })

  const garbage: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['a negative size', 'ffffffff', /a request of -1 bytes/],
    ['a size above the limit', '7fffffff', /socket\.request\.max\.bytes/],
    ['an empty frame', '00000000', /header that cannot be read/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /a request of 1195725856 bytes/],
    ['TLS', '16030100c8010000c40303', /a request of 369295616 bytes/],
    ['an unknown API key', '0000000a270f000000000001ffff', /API key 9999 \(version 0\), which is not served here/],
    ['an unknown version', '0000000b000c006300000001ffff00', /Heartbeat version 99, and versions 0 to 4 are served here/],
    ['a body that is cut off', '0000000e000c000300000001ffff00056162', /Heartbeat 3 that cannot be read/],
  ]
  test.each(garbage)('%s closes that connection and no other, with one log line', async (_name, bytes, sentence) => {
    const { listener, connect } = await listen([beatRow])
    const [client, other] = [await connect(), await connect()]
    const before = client.request(heartbeat, 4, beat('ab'))
    client.write(bytes)
    expect((await before).errorCode).toBe(2)
    await client.closed
    const lines = listener.logger.lines.filter(({ level }) => level !== 'trace')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.message).toMatch(/^Closed the connection of 127\.0\.0\.1: it sent /)
    expect(lines[0]?.message).toMatch(sentence)
    expect((await other.request(heartbeat, 4, beat('abc'))).errorCode).toBe(3)
  })

  test('a client newer than the broker learns which versions of ApiVersions there are', async () => {
    const { connect } = await listen([row(apiVersions, () => ({ errorCode: 0, apiKeys: [] })), beatRow])
    const client = await connect()
    client.write('0000001d0012007f000000090007766563746f72730008766563746f7273023100')
    const { errorCode, apiKeys } = decodeResponse(await client.frame(), apiVersions, 0, 9)
    expect(errorCode).toBe(35)
    expect(apiKeys).toEqual([{ apiKey: 18, minVersion: 0, maxVersion: apiVersions.versions.max }])
    expect((await client.request(heartbeat, 4, beat(''))).errorCode).toBe(0)
  })
})

describe('limits of a connection', () => {
  test('while its unanswered requests have too many bytes, no further one starts', async () => {
    const { promise, settle } = later()
    let started = 0
    const { listener, connect } = await listen(
      [
        pipelinedRow(produce, () => {
          started++
          return { ordered: undefined, response: promise.then(() => produced) }
        }),
      ],
      { inFlightBytesMax: 10_000 },
    )
    const client = await connect()
    const answers = Array.from({ length: 20 }, () => client.request(produce, 9, produceBody(Buffer.alloc(2000))))
    await listener.until(() => started >= 4)
    for (let turns = 0; turns < 5; turns++) await listener.turn()
    expect(started).toBe(4)
    settle()
    await Promise.all(answers)
    expect(started).toBe(20)
  })

  test('a client that does not read its answers is not served, and holds no more than about a megabyte', async () => {
    let started = 0
    const answer = { brokers: [{ nodeId: 1, host: 'h'.repeat(30_000), port: 9092 }], topics: [] }
    const { listener, connect } = await listen([
      row(metadata, () => {
        started++
        return answer
      }),
    ])
    const client = await connect()
    client.socket.pause()
    const requests = Array.from({ length: 700 }, (_, correlationId) =>
      encodeRequest(metadata, 1, { topics: [] }, { correlationId }),
    )
    client.write(Buffer.concat(requests))
    let before = -1
    // The system's own buffers fill up first.
    while (started > before || started === 0) {
      before = started
      for (let turns = 0; turns < 50; turns++) await listener.turn()
    }
    expect(started).toBeLessThan(700)
    // A writer that grew holds up to three times what it wrote.
    expect(listener.buffers.takenBytes).toBeLessThan(4 << 20)
    client.socket.resume()
    for (let count = 0; count < 700; count++) await client.frame()
    expect(started).toBe(700)
  })

  test('many small requests in one packet never have more than about a megabyte of answers in memory', async () => {
    let most = 0
    const { listener, connect } = await listen([
      row(metadata, () => {
        most = Math.max(most, listener.buffers.takenBytes)
        return { brokers: [{ nodeId: 1, host: 'h'.repeat(30_000), port: 9092 }], topics: [] }
      }),
    ])
    const client = await connect()
    client.write(
      Buffer.concat(
        Array.from({ length: 500 }, (_, correlationId) => encodeRequest(metadata, 1, { topics: [] }, { correlationId })),
      ),
    )
    for (let count = 0; count < 500; count++) await client.frame()
    expect(most).toBeLessThan(4 << 20)
  })
})

describe('a listener that finishes', () => {
  test('answers what was taken, and then closes the connection', async () => {
    const { promise, settle } = later()
    let count = 0
    const { listener, connect } = await listen([
      pipelinedRow(produce, () => {
        count++
        return { ordered: undefined, response: promise.then(() => produced) }
      }),
    ])
    const client = await connect()
    const answers = [1, 2].map(() => client.request(produce, 9, produceBody(Buffer.alloc(100))))
    await listener.until(() => count === 2)
    const finished = listener.listener.finish(1000)
    const late = client.request(produce, 9, produceBody(Buffer.alloc(100))).catch(() => 'unanswered')
    await listener.turn()
    settle()
    await finished
    expect(await Promise.all(answers)).toHaveLength(2)
    expect(await late).toBe('unanswered')
    expect(count).toBe(2)
    expect(listener.listener.connectionCount).toBe(0)
  })

  test('does not wait for a request that may be long in coming, nor for those who asked nothing', async () => {
    const { promise, settle } = later()
    let started = false
    const { listener, connect } = await listen([
      row(heartbeat, async () => {
        started = true
        await promise
        return { errorCode: 0 }
      }),
    ])
    await connect()
    const client = await connect()
    const answer = client.request(heartbeat, 4, beat('long')).catch(() => 'unanswered')
    await listener.until(() => started && listener.listener.connectionCount === 2)
    await listener.listener.finish(1000)
    expect(await answer).toBe('unanswered')
    settle()
  })

  test('waits no longer than it may', async () => {
    const { promise, settle } = later()
    let started = false
    const { listener, connect } = await listen([
      pipelinedRow(produce, () => {
        started = true
        return { ordered: undefined, response: promise.then(() => produced) }
      }),
    ])
    const client = await connect()
    const answer = client.request(produce, 9, produceBody(Buffer.alloc(100))).catch(() => 'unanswered')
    await listener.until(() => started)
    const finished = listener.listener.finish(1000)
    listener.clock.advance(1000)
    await finished
    await listener.listener.close()
    expect(await answer).toBe('unanswered')
    settle()
  })
})
