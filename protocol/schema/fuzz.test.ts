import { beforeAll, describe, expect, test } from '@jest/globals'
import { type AnyMessage, loadSchemas, type Schemas } from '../vectors/load-schemas.ts'
import { readVectors } from '../vectors/read-vectors.ts'
import { MalformedMessage } from './malformed-message.ts'

/** xorshift32: the same seed gives the same bytes everywhere. */
function randomness(seed: number): (below: number) => number {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

interface Sample {
  readonly message: AnyMessage
  readonly version: number
  readonly bytes: Buffer
}

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const random = randomness(seed)
const randomBytes = (length: number, below: number): Buffer => Buffer.from(Uint8Array.from({ length }, () => random(below)))

/** What one byte of a message may cost in memory. An array element of one byte becomes an object of some tens of bytes. */
const HEAP_PER_BYTE_MAX = 200

let schemas: Schemas
let samples: Sample[]

beforeAll(async () => {
  schemas = await loadSchemas()
  samples = [...readVectors<{ api: string; type: string; version: number; variant: string; hex: string }>('messages')]
    .filter(({ variant }) => variant === 'filled' || variant === 'unknownTags')
    .flatMap(({ api, type, version, hex }) => {
      const message = schemas.messages.get(type === 'request' ? `${api}Request` : type === 'response' ? `${api}Response` : api)
      if (message === undefined || version > message.versions.max) return []
      return [{ message, version, bytes: Buffer.from(hex, 'hex') }]
    })
})

/** Decodes, and lets pass only what a caller is prepared for. */
function decode({ message, version, bytes }: Sample, how: string): void {
  try {
    message.decode(bytes, version)
  } catch (error) {
    if (error instanceof MalformedMessage) return
    throw new Error(`${message.name} v${version}, ${how}, seed ${seed}: ${bytes.toString('hex').slice(0, 2000)}`, {
      cause: error,
    })
  }
}

const mutations: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'cut off': (bytes) => bytes.subarray(0, random(bytes.length)),
  'with bytes after it': (bytes) => Buffer.concat([bytes, Buffer.alloc(1 + random(64), random(256))]),
  'with flipped bits': (bytes) => {
    const flipped = Buffer.from(bytes)
    for (let left = 1 + random(4); left > 0; left--) {
      const at = random(flipped.length)
      flipped[at] = (flipped[at] as number) ^ (1 << random(8))
    }
    return flipped
  },
  'with another length or count': (bytes) => {
    const lengths = [
      '7fffffff',
      '80000000',
      'ffffffff',
      '00ffffff',
      'ffffffff0f',
      'ffffffff7f',
      '7fff',
      '8000',
      'feffffff0f',
      '00',
      'ff',
    ]
    const length = Buffer.from(lengths[random(lengths.length)] as string, 'hex')
    const at = random(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), length, bytes.subarray(Math.min(bytes.length, at + length.length))])
  },
  'with a part of it twice': (bytes) => {
    const at = random(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1))])
  },
  random: (bytes) => randomBytes(bytes.length, 256),
  'random and small': () => randomBytes(1 + random(40), 4),
}

describe(`a decoder that is given hostile bytes, seed ${seed}`, () => {
  test.each(Object.keys(mutations))('gives a value or MalformedMessage: %s', (how) => {
    const mutate = mutations[how] as (bytes: Buffer) => Buffer
    for (const sample of samples) {
      for (let round = 0; round < 6; round++) decode({ ...sample, bytes: mutate(sample.bytes) }, how)
    }
  })

  test('cuts off every message at every byte without another error', () => {
    for (const sample of samples.filter((_sample, index) => index % 7 === seed % 7)) {
      for (let end = 0; end < Math.min(sample.bytes.length, 300); end++) {
        decode({ ...sample, bytes: sample.bytes.subarray(0, end) }, `cut at ${end}`)
      }
    }
  })

  test('has a decoder for every version of every record and blob, too', () => {
    for (const message of schemas.messages.values()) {
      for (let version = message.versions.min; version <= message.versions.max; version++) {
        for (let round = 0; round < 20; round++) {
          const bytes = randomBytes(random(200), round % 2 === 0 ? 256 : 3)
          decode({ message, version, bytes }, 'random')
        }
      }
    }
  })

  test('takes memory in proportion to the bytes that are there', () => {
    const sizeBytes = 100_000
    for (const message of schemas.messages.values()) {
      const version = message.versions.max
      for (const fill of [
        Buffer.from('00000400', 'hex'),
        Buffer.from('018080', 'hex'),
        Buffer.from('03', 'hex'),
        Buffer.from('01', 'hex'),
      ]) {
        const before = process.memoryUsage().heapUsed
        decode({ message, version, bytes: Buffer.alloc(sizeBytes, fill) }, 'filled')
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(sizeBytes * HEAP_PER_BYTE_MAX)
      }
    }
  })
})

test('sound messages are no hostile bytes', () => {
  for (const { message, version, bytes } of samples) message.decode(bytes, version)
  expect(samples.length).toBeGreaterThan(300)
})
