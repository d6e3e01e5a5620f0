import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { produce } from '../../protocol/messages/produce.ts'
import { OwnedRecords } from '../../protocol/records/records-slice.ts'
import { encodeRequest, ProtocolClient } from '../testing/protocol-client.ts'
import { Connection } from './connection.ts'
import { attachReader, type ByteSink, readByEvents } from './socket-reader.ts'
import { pipelinedRow, row, TestListener } from './test-listener.ts'

type Attach = (accepted: Socket, sinkOf: () => ByteSink) => Socket

/** Serves by connections whose sockets are read in that way. */
async function serve(attach: Attach, seen: number[]) {
  const test = await TestListener.open(
    [
      pipelinedRow(produce, ({ topicData }) => {
        const records = topicData[0]?.partitionData[0]?.records?.view() ?? Buffer.alloc(0)
        seen.push(records.every((byte) => byte === records[0]) ? records.length : -1)
        return { ordered: undefined, response: { responses: [] } }
      }),
      row(heartbeat, async ({ memberId }) => ({ errorCode: memberId.length })),
    ],
    { begins: false },
  )
  const connections = new Set<Connection>()
  const server = createServer({ pauseOnConnect: true }, (accepted) => {
    let connection: Connection | null = null
    const socket = attach(accepted, () => connection ?? { target: () => 'few', received: () => {} })
    connection = new Connection(socket, {
      id: 1,
      listener: 'PLAINTEXT',
      dispatch: test.dispatch(),
      memory: { buffers: test.buffers, received: test.received },
      frameBytesMax: 100 << 20,
      inFlightBytesMax: 16 << 20,
      clock: test.clock,
      logger: test.logger,
      flushSoon: (due) => test.clock.endOfTurn(() => due.flush()),
      closed: (closed) => connections.delete(closed),
      waitsForMemory: () => {},
    })
    connections.add(connection)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
    await test.close()
  }
  return { test, connections, close, port: (server.address() as AddressInfo).port }
}

const ways: readonly (readonly [string, Attach])[] = [
  ['into memory of our own', attachReader],
  ['by data events', readByEvents],
]

describe.each(ways)('a socket that is read %s', (_name, attach) => {
  test('gives every byte in order, small and large, and its server closes', async () => {
    const seen: number[] = []
    const { test, connections, close, port } = await serve(attach, seen)
    const client = await ProtocolClient.connect(port)
    const sizes = [10, 3_000_000, 5000, 0, 100_000, 70_000, 1_048_576, 17]
    const requests = sizes.flatMap((size, index) => [
      encodeRequest(produce, 9, {
        transactionalId: null,
        acks: 1,
        timeoutMs: 1000,
        topicData: [{ name: 'orders', partitionData: [{ index: 0, records: new OwnedRecords(Buffer.alloc(size, index + 1)) }] }],
      }),
      encodeRequest(heartbeat, 4, { groupId: 'g', generationId: 1, memberId: 'm' }),
    ])
    client.write(Buffer.concat(requests))
    for (let count = 0; count < requests.length; count++) await client.frame()
    expect(seen).toEqual(sizes)
    await client.close()
    await test.until(() => connections.size === 0)
    await test.turn()
    expect(test.received.reservedBytes).toBe(0)
    expect(test.buffers.taken).toBe(0)
    await close()
  })

  test('that ends is seen', async () => {
    const { test, connections, close, port } = await serve(attach, [])
    const client = await ProtocolClient.connect(port)
    await test.until(() => connections.size === 1)
    await client.close()
    await test.until(() => connections.size === 0)
    await close()
  })
})

test('a socket whose handle cannot be had is read by data events', () => {
  const events: string[] = []
  const accepted = { _handle: null, on: (event: string) => events.push(event) } as unknown as Socket
  expect(attachReader(accepted, () => ({ target: () => 'few', received: () => {} }))).toBe(accepted)
  expect(events).toEqual(['data'])
})
