import { createServer, type Server } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { heartbeat } from '../../protocol/messages/heartbeat.ts'
import { metadata } from '../../protocol/messages/metadata.ts'
import { ProtocolClient } from '../testing/protocol-client.ts'
import { BindError } from './bind-error.ts'
import { row, TestListener } from './test-listener.ts'

const beat = (memberId = '') => ({ groupId: 'g', generationId: 1, memberId })
const beatRow = row(heartbeat, (request) => ({ errorCode: request.memberId.length }))

async function holdPort(host: string, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  return { server, port: (server.address() as { port: number }).port }
}

const canBindIpv6 = async (): Promise<boolean> => {
  try {
    const { server } = await holdPort('::1')
    server.close()
    return true
  } catch {
    return false
  }
}

describe('binding', () => {
  test('a port in use is told in one sentence, and nothing stays bound', async () => {
    const { server, port } = await holdPort('127.0.0.1')
    const opening = TestListener.open([beatRow], { port })
    await expect(opening).rejects.toThrow(BindError)
    await expect(opening).rejects.toThrow(
      `Port ${port} is in use at 127.0.0.1:${port} (listener PLAINTEXT): stop the program that holds it, or choose another port with --port.`,
    )
    server.close()
  })

  test('an address of another machine is told in one sentence', async () => {
    const bind = { required: ['192.0.2.1'], optional: [] }
    await expect(TestListener.open([beatRow], { bind })).rejects.toThrow(/is no address of this machine\.$/)
  })

  test('an optional address that the machine lacks is no error', async () => {
    await using broker = await TestListener.open([beatRow], { bind: { required: ['127.0.0.1'], optional: ['2001:db8::1'] } })
    expect(broker.listener.addresses).toEqual(['127.0.0.1'])
  })

  test('both addresses of localhost have one port', async () => {
    const hasIpv6 = await canBindIpv6()
    await using broker = await TestListener.open([beatRow], { bind: { required: ['127.0.0.1'], optional: ['::1'] } })
    expect(broker.listener.addresses).toEqual(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])
    for (const host of broker.listener.addresses) {
      await using client = await ProtocolClient.connect(broker.port, { host })
      expect((await client.request(heartbeat, 4, beat('ab'))).errorCode).toBe(2)
    }
  })

  test('a port that another program holds on ::1 alone is in use: clients of localhost would reach that program', async () => {
    if (!(await canBindIpv6())) return
    const { server, port } = await holdPort('::1')
    const bind = { required: ['127.0.0.1'], optional: ['::1'] }
    await expect(TestListener.open([beatRow], { bind, port })).rejects.toThrow(`Port ${port} is in use at [::1]:${port}`)
    server.close()
    await using broker = await TestListener.open([beatRow], { bind, port })
    expect(broker.port).toBe(port)
  })

  test('who connects before the broker can answer is answered when it can', async () => {
    await using broker = await TestListener.open([beatRow], { begins: false })
    await using client = await ProtocolClient.connect(broker.port)
    await using gone = await ProtocolClient.connect(broker.port)
    gone.socket.resetAndDestroy()
    const answer = client.request(heartbeat, 4, beat('abc'))
    for (let turns = 0; turns < 5; turns++) await broker.turn()
    expect(broker.listener.connectionCount).toBe(0)
    broker.begin()
    expect((await answer).errorCode).toBe(3)
    await broker.until(() => broker.listener.connectionCount === 1)
  })

  test('a listener that closes before it began lets nobody wait', async () => {
    const broker = await TestListener.open([beatRow], { begins: false })
    const client = await ProtocolClient.connect(broker.port)
    await broker.turn()
    await broker.close()
    await client.closed
  })

  test('close ends every connection and frees the port', async () => {
    const broker = await TestListener.open([beatRow])
    const clients = [await ProtocolClient.connect(broker.port), await ProtocolClient.connect(broker.port)]
    await clients[0]?.request(heartbeat, 4, beat())
    await broker.close()
    for (const client of clients) await client.closed
    expect(broker.clock.timerCount).toBe(0)
    expect(broker.listener.connectionCount).toBe(0)
    const { server } = await holdPort('127.0.0.1', broker.port)
    server.close()
  })
})

describe('how many connections there may be', () => {
  async function isRefused(port: number): Promise<boolean> {
    const client = await ProtocolClient.connect(port)
    try {
      await client.request(heartbeat, 4, beat())
      return false
    } catch {
      return true
    }
  }

  test('one more than max.connections is refused with one log line, until another leaves', async () => {
    await using broker = await TestListener.open([beatRow], { max: 2 })
    await using first = await ProtocolClient.connect(broker.port)
    expect(await isRefused(broker.port)).toBe(false)
    await broker.until(() => broker.listener.connectionCount === 2)
    expect(await isRefused(broker.port)).toBe(true)
    expect(await isRefused(broker.port)).toBe(true)
    expect(broker.logger.messages('warn')).toEqual(['Refused a connection from 127.0.0.1: max.connections is 2.'])
    await first.close()
    await broker.until(() => broker.listener.connectionCount === 1)
    expect(await isRefused(broker.port)).toBe(false)
  })

  test('those who come before the broker can answer count too', async () => {
    await using broker = await TestListener.open([beatRow], { max: 1, begins: false })
    await using early = await ProtocolClient.connect(broker.port)
    await broker.turn()
    expect(await isRefused(broker.port)).toBe(true)
    broker.begin()
    expect((await early.request(heartbeat, 4, beat('a'))).errorCode).toBe(1)
    await early.close()
    await broker.until(() => broker.listener.connectionCount === 0)
    expect(await isRefused(broker.port)).toBe(false)
  })

  test('each address has its own limit, and an override replaces it', async () => {
    const overrides = new Map([['127.0.0.2', 2]])
    await using broker = await TestListener.open([beatRow], {
      maxPerAddress: 1,
      overrides,
      bind: { required: [undefined], optional: [] },
    })
    const from = async (localAddress: string): Promise<boolean> => {
      const { connect } = await import('node:net')
      const socket = connect({ port: broker.port, host: '127.0.0.1', localAddress })
      const before = broker.listener.connectionCount
      let isClosed = false
      socket.on('close', () => {
        isClosed = true
      })
      socket.on('error', () => {})
      socket.resume()
      await broker.until(() => isClosed || broker.listener.connectionCount > before)
      sockets.push(socket)
      return !isClosed
    }
    const sockets: { destroy(): void }[] = []
    expect([await from('127.0.0.1'), await from('127.0.0.1')]).toEqual([true, false])
    expect([await from('127.0.0.2'), await from('127.0.0.2'), await from('127.0.0.2')]).toEqual([true, true, false])
    expect(broker.logger.messages('warn')).toEqual([
      'Refused a connection from 127.0.0.1: max.connections.per.ip allows 1 from there.',
      'Refused a connection from 127.0.0.2: max.connections.per.ip allows 2 from there.',
    ])
    for (const socket of sockets) socket.destroy()
  })
})

describe('connections that nobody uses', () => {
  test('one that was idle for connections.max.idle.ms is closed, one that is used is not', async () => {
    await using broker = await TestListener.open([beatRow], { idleMs: 1000 })
    const [idle, used] = [await ProtocolClient.connect(broker.port), await ProtocolClient.connect(broker.port)]
    await broker.until(() => broker.listener.connectionCount === 2)
    await broker.clock.advance(600)
    await used.request(heartbeat, 4, beat())
    await broker.clock.advance(600)
    await idle.closed
    await broker.until(() => broker.listener.connectionCount === 1)
    expect((await used.request(heartbeat, 4, beat('a'))).errorCode).toBe(1)
    await broker.clock.advance(1000)
    await used.closed
    expect(broker.clock.timerCount).toBe(0)
  })

  test('one that waits for its answer for so long is closed too', async () => {
    const never = row(heartbeat, () => new Promise<{ errorCode: number }>(() => {}))
    await using broker = await TestListener.open([never], { idleMs: 1000 })
    await using client = await ProtocolClient.connect(broker.port)
    client.send(heartbeat, 4, beat())
    await broker.until(() => [...broker.listener.connections].some(({ awaitsAnswer }) => awaitsAnswer))
    await broker.clock.advance(1000)
    await client.closed
  })

  test('one that does not take its answer is idle', async () => {
    const brokers = Array.from({ length: 1000 }, (_, nodeId) => ({ nodeId, host: 'h'.repeat(30_000), port: 9092 }))
    const large = row(metadata, () => ({ brokers, topics: [] }))
    await using broker = await TestListener.open([large], { idleMs: 1000 })
    await using client = await ProtocolClient.connect(broker.port)
    client.socket.pause()
    client.send(metadata, 1, { topics: [] })
    await broker.until(() => [...broker.listener.connections].some(({ unsentProgress }) => unsentProgress !== null))
    await broker.clock.advance(3000)
    await broker.until(() => broker.listener.connectionCount === 0)
    await broker.until(() => broker.buffers.taken === 0)
  })

  test('idle connections stay where connections.max.idle.ms is negative', async () => {
    await using broker = await TestListener.open([beatRow], { idleMs: -1 })
    await using client = await ProtocolClient.connect(broker.port)
    await broker.until(() => broker.listener.connectionCount === 1)
    await broker.clock.advance(10 ** 9)
    expect((await client.request(heartbeat, 4, beat('a'))).errorCode).toBe(1)
  })
})

describe('memory that others wait for', () => {
  const frame = (sizeBytes: number, sentBytes: number): Buffer => {
    const bytes = Buffer.alloc(4 + sentBytes)
    bytes.writeInt32BE(sizeBytes)
    bytes.writeInt16BE(heartbeat.key, 4)
    return bytes
  }

  test('a frame that stands still loses its connection, but only while others wait, and one that goes on does not', async () => {
    await using broker = await TestListener.open([beatRow], { receivedBytesMax: 20_000, stallMs: 5000 })
    await using stalled = await ProtocolClient.connect(broker.port)
    await using slow = await ProtocolClient.connect(broker.port)
    stalled.write(frame(15_000, 10_000))
    slow.write(frame(15_000, 5000))
    await broker.until(() => broker.received.reservedBytes === 30_000)
    await broker.clock.advance(60_000)
    expect(broker.listener.connectionCount).toBe(2)
    await using waiting = await ProtocolClient.connect(broker.port)
    waiting.write(frame(9000, 8000))
    await broker.until(() => broker.received.hasWaiting)
    for (let seconds = 0; seconds < 5; seconds++) {
      const before = [...broker.listener.connections][1]?.receiveProgress
      slow.write(Buffer.alloc(10))
      await broker.until(() => [...broker.listener.connections][1]?.receiveProgress !== before)
      await broker.clock.advance(1000)
    }
    await stalled.closed
    await broker.until(() => !broker.received.hasWaiting)
    expect(broker.received.reservedBytes).toBe(15_000 + 9000)
    expect(broker.listener.connectionCount).toBe(2)
    await broker.clock.advance(60_000)
    expect(broker.listener.connectionCount).toBe(2)
  })

  test('small requests go on being answered when the memory is there again', async () => {
    await using broker = await TestListener.open([beatRow], { receivedBytesMax: 1000 })
    await using large = await ProtocolClient.connect(broker.port)
    await using small = await ProtocolClient.connect(broker.port)
    large.write(frame(50_000, 100))
    await broker.until(() => broker.received.reservedBytes === 50_000)
    const first = small.request(heartbeat, 4, beat('a'))
    await broker.until(() => broker.received.hasWaiting)
    const second = small.request(heartbeat, 4, beat('ab'))
    await large.close()
    expect((await first).errorCode).toBe(1)
    expect((await second).errorCode).toBe(2)
  })
})
