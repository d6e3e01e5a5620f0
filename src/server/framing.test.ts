import { describe, expect, test } from '@jest/globals'
import type { RecordsSlice, Retained } from '../../protocol/records/records-slice.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import { seededRandom } from '../environment/random.ts'
import { CountingBuffers } from './counting-buffers.ts'
import type { Frame, FrameMemory } from './frame.ts'
import { type FrameTaker, Framing } from './framing.ts'
import { FEW_BYTES } from './socket-reader.ts'

const frameBytesMax = 100_000

function framed(...bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const size = Buffer.alloc(4)
      size.writeInt32BE(body.length)
      return [size, body]
    }),
  )
}

interface TestMemory extends FrameMemory {
  readonly buffers: CountingBuffers
}

function memoryOf(limitBytes: number): TestMemory {
  return { buffers: new CountingBuffers(), received: new ByteLimit('received bytes', limitBytes) }
}

const isAllBack = ({ buffers, received }: TestMemory): boolean => buffers.taken === 0 && received.reservedBytes === 0

/** What is done with a frame: answered at once, answered later with no other in between, or its records kept while others come. */
type Fate = 'at once' | 'later' | 'retained'

interface Held {
  readonly frame: Frame | null
  readonly records: RecordsSlice
  readonly retained: Retained | null
  readonly expected: Buffer
}

/** Stands for a connection and for the client that writes to it. */
class TestTaker implements FrameTaker {
  readonly framing: Framing
  readonly frames: Buffer[] = []
  readonly held: Held[] = []
  readonly reasons: string[] = []
  fateOf: () => Fate = () => 'at once'
  serves: (apiKey: number, version: number) => boolean = () => true
  wants = true
  waits = 0

  constructor(memory: FrameMemory) {
    this.framing = new Framing(memory, this, frameBytesMax)
  }

  take(frame: Frame): boolean {
    const expected = Buffer.from(frame.bytes)
    this.frames.push(expected)
    const fate = this.fateOf()
    if (fate === 'at once') {
      frame.done()
      return true
    }
    const records = frame.records(0, frame.bytes.length)
    if (fate === 'retained') {
      this.held.push({ frame: null, records, retained: records.retain(), expected })
      frame.done()
      return true
    }
    frame.detach()
    this.held.push({ frame, records, retained: null, expected })
    return false
  }

  /** Answers a request that was kept; its bytes must still be what came. */
  answer(index = 0): void {
    const [held] = this.held.splice(index, 1)
    if (held === undefined) return
    const { frame, records, retained, expected } = held
    expect((retained?.bytes ?? records.view()).equals(expected)).toBe(true)
    retained?.release()
    if (frame === null) return
    frame.done()
    this.framing.proceed()
  }

  unwanted(): void {
    this.wants = false
  }

  wanted(): void {
    this.wants = true
  }

  waitsForMemory(): void {
    this.waits++
  }

  refusal(apiKey: number, version: number): string | null {
    return this.serves(apiKey, version) ? null : `it sent ${apiKey} version ${version}`
  }

  broken(reason: string): void {
    this.reasons.push(reason)
    this.framing.stop()
  }
}

/** Hands bytes over as a reader does: into the frame's own memory where it asks for that, else through memory that is used again. */
function read(taker: TestTaker, bytes: Buffer, shared = Buffer.alloc(bytes.length)): number {
  const target = taker.framing.target()
  if (typeof target !== 'string') {
    const count = bytes.copy(target)
    taker.framing.received(target.subarray(0, count))
    return count
  }
  const count = bytes.copy(shared, 0, 0, target === 'few' ? FEW_BYTES : bytes.length)
  taker.framing.received(shared.subarray(0, count))
  shared.fill(0xee, 0, count)
  return count
}

function readAll(taker: TestTaker, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += read(taker, bytes.subarray(at))
}

describe('framing', () => {
  test('a stream of frames comes out the same wherever the network cuts it in two or three', () => {
    const bodies = ['one', '', 'second', 'x', 'four'].map((text) => Buffer.from(text))
    const stream = framed(...bodies)
    const memory = memoryOf(1 << 20)
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const taker = new TestTaker(memory)
        const parts = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)]
        for (const part of parts) if (part.length > 0) readAll(taker, part)
        expect(taker.frames.join()).toBe('one,,second,x,four')
      }
    }
    expect(isAllBack(memory)).toBe(true)
  })

  test('a stream of frames comes out the same byte by byte', () => {
    const bodies = [Buffer.from('first'), Buffer.alloc(0), Buffer.from('second frame')]
    const taker = new TestTaker(memoryOf(1 << 20))
    for (const byte of framed(...bodies)) readAll(taker, Buffer.from([byte]))
    expect(taker.frames).toEqual(bodies)
  })

  test('a frame that lies whole in what was read takes no memory', () => {
    const memory = memoryOf(1 << 20)
    const taker = new TestTaker(memory)
    taker.fateOf = () => {
      expect(memory.buffers.taken).toBe(0)
      return 'at once'
    }
    readAll(taker, framed(Buffer.alloc(1000), Buffer.alloc(1000)))
    expect(taker.frames).toHaveLength(2)
  })

  test('the rest of a frame is read in place, and nothing beyond it', () => {
    const memory = memoryOf(1 << 20)
    const taker = new TestTaker(memory)
    const body = Buffer.alloc(50_000, 'b')
    readAll(taker, framed(body).subarray(0, 1004))
    const target = taker.framing.target() as Buffer
    expect(target.length).toBe(49_000)
    expect(memory.received.reservedBytes).toBe(50_000)
    target.fill('b')
    taker.framing.received(target)
    expect(taker.frames[0]?.equals(body)).toBe(true)
    expect(isAllBack(memory)).toBe(true)
  })

  test.each([-1, -2_147_483_648, frameBytesMax + 1, 2_147_483_647])('a size of %d breaks the connection', (sizeBytes) => {
    const memory = memoryOf(1 << 20)
    const taker = new TestTaker(memory)
    const size = Buffer.alloc(4)
    size.writeInt32BE(sizeBytes)
    for (const byte of size) taker.framing.received(Buffer.from([byte]))
    expect(taker.reasons).toHaveLength(1)
    expect(taker.reasons[0]).toContain(String(sizeBytes))
    taker.framing.received(framed(Buffer.from('later')))
    expect(taker.frames).toEqual([])
    expect(isAllBack(memory)).toBe(true)
  })

  test('a large frame of an API that is not served takes no memory, wherever its first bytes are cut', () => {
    const memory = memoryOf(1 << 20)
    const stream = framed(Buffer.concat([Buffer.from([0xfe, 0x01, 0xff, 0xfd]), Buffer.alloc(50_000)])).subarray(0, 1000)
    for (let cut = 1; cut <= 8; cut++) {
      const taker = new TestTaker(memory)
      taker.serves = () => false
      for (let at = 0; at < stream.length && taker.reasons.length === 0; at += cut) {
        taker.framing.received(stream.subarray(at, at + cut))
        expect(memory.received.reservedBytes).toBe(0)
      }
      expect(taker.reasons).toEqual(['it sent -511 version -3'])
    }
  })

  test('a frame of exactly the largest size is taken', () => {
    const taker = new TestTaker(memoryOf(1 << 20))
    readAll(taker, framed(Buffer.alloc(frameBytesMax)))
    expect(taker.frames).toHaveLength(1)
  })

  test('behind a request under way the connection is read until bytes come, so that a closed one is noticed', () => {
    const memory = memoryOf(1 << 20)
    const taker = new TestTaker(memory)
    taker.fateOf = () => 'later'
    read(taker, framed(Buffer.from('one')))
    expect(taker.wants).toBe(true)
    expect(taker.framing.target()).toBe('few')
    read(taker, framed(Buffer.from('two'), Buffer.from('three')))
    expect(taker.wants).toBe(false)
    expect(taker.frames).toHaveLength(1)
    taker.answer()
    expect(taker.frames).toHaveLength(2)
    expect(taker.wants).toBe(false)
    taker.answer()
    expect(taker.wants).toBe(true)
    taker.answer()
    expect(taker.frames.map(String)).toEqual(['one', 'two', 'three'])
    expect(isAllBack(memory)).toBe(true)
  })

  test('bytes that come although none are wanted are kept in order', () => {
    const taker = new TestTaker(memoryOf(1 << 20))
    taker.fateOf = () => 'later'
    const stream = framed(Buffer.from('one'), Buffer.from('two'), Buffer.from('three'))
    for (const byte of stream) taker.framing.received(Buffer.from([byte]))
    for (let count = 0; count < 3; count++) taker.answer()
    expect(taker.frames.map(String)).toEqual(['one', 'two', 'three'])
  })

  test('frames that are not whole are admitted in order of arrival, the last beyond the limit', () => {
    const memory = memoryOf(10_000)
    const takers = Array.from({ length: 4 }, () => new TestTaker(memory))
    const bodies = takers.map((_, index) => Buffer.alloc(6000, index))
    takers.forEach((taker, index) => {
      read(taker, framed(bodies[index] as Buffer).subarray(0, 1000))
    })
    expect(takers.map(({ framing }) => framing.admittedBytes)).toEqual([996, 996, null, null])
    expect(takers.map(({ wants }) => wants)).toEqual([true, true, false, false])
    expect(memory.received.reservedBytes).toBe(12_000)
    readAll(takers[1] as TestTaker, (bodies[1] as Buffer).subarray(996))
    expect(takers.map(({ framing }) => framing.admittedBytes)).toEqual([996, null, 996, null])
    takers[0]?.framing.stop()
    expect(takers.map(({ framing }) => framing.admittedBytes)).toEqual([null, null, 996, 996])
    for (const index of [2, 3]) readAll(takers[index] as TestTaker, (bodies[index] as Buffer).subarray(996))
    expect(takers.map(({ frames }) => frames.length)).toEqual([0, 1, 1, 1])
    expect(isAllBack(memory)).toBe(true)
  })

  test('an answer to an earlier request does not start a frame that waits for its memory', () => {
    const memory = memoryOf(1000)
    const other = new TestTaker(memory)
    read(other, framed(Buffer.alloc(2000)).subarray(0, 100))
    const taker = new TestTaker(memory)
    const body = Buffer.alloc(3000, 'b')
    const stream = framed(body)
    taker.framing.received(stream.subarray(0, 500))
    taker.framing.proceed()
    expect(taker.framing.admittedBytes).toBeNull()
    other.framing.stop()
    readAll(taker, stream.subarray(500))
    expect(taker.frames[0]?.equals(body)).toBe(true)
    expect(isAllBack(memory)).toBe(true)
  })

  test('the first bytes of many waiting frames never keep one another waiting', () => {
    const memory = memoryOf(5000)
    const takers = Array.from({ length: 10 }, () => new TestTaker(memory))
    const body = Buffer.alloc(8000, 'b')
    const stream = framed(body)
    // One chunk holds a small request and most of a large one.
    for (const taker of takers) taker.framing.received(Buffer.concat([framed(Buffer.from('a')), stream.subarray(0, 4000)]))
    for (let rounds = 0; rounds < 10; rounds++) {
      for (const taker of takers) if (taker.wants && taker.frames.length === 1) readAll(taker, stream.subarray(4000))
    }
    expect(takers.map(({ frames }) => frames.length)).toEqual(Array(10).fill(2))
    expect(isAllBack(memory)).toBe(true)
  })

  test('at the limit nobody is read who has no admitted frame, and everybody again below it', () => {
    const memory = memoryOf(1000)
    const large = new TestTaker(memory)
    read(large, framed(Buffer.alloc(2000)).subarray(0, 100))
    const small = new TestTaker(memory)
    expect(small.framing.target()).toBe('few')
    read(small, framed(Buffer.from('one')))
    expect(small.frames).toHaveLength(1)
    expect(small.wants).toBe(false)
    expect(small.waits).toBe(1)
    large.framing.stop()
    expect(small.wants).toBe(true)
  })

  test('kept requests go on at the limit: they free memory', () => {
    const memory = memoryOf(1000)
    const takers = Array.from({ length: 3 }, () => new TestTaker(memory))
    for (const taker of takers) {
      taker.fateOf = () => 'later'
      read(taker, framed(Buffer.from('one'), Buffer.alloc(600), Buffer.alloc(600)))
    }
    expect(memory.received.reservedBytes).toBeGreaterThan(1000)
    for (let rounds = 0; rounds < 3; rounds++) for (const taker of takers) taker.answer()
    expect(takers.map(({ frames }) => frames.length)).toEqual([3, 3, 3])
    expect(takers.map(({ wants }) => wants)).toEqual([true, true, true])
    expect(isAllBack(memory)).toBe(true)
  })

  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)
  test(`any connections, frames, chunks and answers: every frame comes out whole and all memory comes back (TEST_SEED=${seed})`, () => {
    for (let round = 0; round < 20; round++) randomRound(seed + round)
  })
})

/** Random bytes to cut bodies from. */
const noise = seededRandom(1).bytes(2 * frameBytesMax)

function randomRound(seed: number): void {
  const random = seededRandom(seed)
  const upTo = (count: number): number => random.bytes(4).readUInt32BE(0) % count
  const memory = memoryOf(1000 + upTo(60_000))
  const shared = Buffer.alloc(1 << 20)
  const fates: readonly Fate[] = ['at once', 'later', 'retained']
  const clients = Array.from({ length: 1 + upTo(6) }, () => {
    const taker = new TestTaker(memory)
    taker.fateOf = () => fates[upTo(3)] as Fate
    const bodies = Array.from({ length: upTo(12) }, () => {
      const start = upTo(frameBytesMax)
      return noise.subarray(start, start + (upTo(5) === 0 ? upTo(frameBytesMax) : upTo(300)))
    })
    return { taker, bodies, stream: framed(...bodies), sent: 0, leaves: upTo(8) === 0 }
  })
  for (;;) {
    const able = clients.filter(({ taker, sent, stream }) => taker.held.length > 0 || (taker.wants && sent < stream.length))
    if (able.length === 0) break
    const client = able[upTo(able.length)] as (typeof clients)[number]
    const { taker, stream } = client
    if (client.leaves && upTo(10) === 0) {
      taker.framing.stop()
      client.sent = stream.length
      while (taker.held.length > 0) taker.answer()
    } else if (taker.wants && client.sent < stream.length && upTo(3) > 0) {
      const chunk = stream.subarray(client.sent, client.sent + 1 + upTo(upTo(2) === 0 ? 10 : 70_000))
      client.sent += read(taker, chunk, shared)
    } else if (taker.held.length > 0) taker.answer(upTo(taker.held.length))
  }
  for (const { taker, bodies, leaves } of clients) {
    if (!leaves) expect(taker.frames.length).toBe(bodies.length)
    taker.frames.forEach((frame, index) => {
      expect(frame.equals(bodies[index] as Buffer)).toBe(true)
    })
    taker.framing.stop()
  }
  expect(isAllBack(memory)).toBe(true)
}
