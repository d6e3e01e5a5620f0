import { describe, expect, test } from '@jest/globals'
import { compress, compressionTypeOf, compressionTypes, decompress } from './compression.ts'
import { InvalidRecords, type InvalidRecordsKind } from './invalid-records.ts'
import { decompressLz4 } from './lz4.ts'
import { lz4FrameAt, lz4HeaderChecksum } from './lz4-frame.ts'
import { decompressZstd } from './zstd.ts'
import { installedZstd, nodeZstd, wasmZstd } from './zstd-library.ts'

const codecs = compressionTypes.filter((type) => type !== 'none')
const text = Buffer.from(Array.from({ length: 3000 }, (_, index) => `line ${index % 97} of ${index}\n`).join(''))
const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => Math.imul(index ^ (index >>> 3), 0x9e3779b1) >>> 24))

function kindOf(run: () => unknown): InvalidRecordsKind | 'no error' {
  try {
    run()
    return 'no error'
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidRecords)
    return (error as InvalidRecords).kind
  }
}

describe.each(codecs)('%s', (codec) => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['text', text],
    ['noise', noise],
    ['a long run', Buffer.alloc(300_000)],
  ])('%s comes back', (_name, bytes) => {
    expect(decompress(codec, compress(codec, bytes), Math.max(1, bytes.length)).equals(bytes)).toBe(true)
  })

  test('several compressed pieces, one behind the other, unpack to all of them', () => {
    const joined = Buffer.concat([compress(codec, text), compress(codec, noise)])
    expect(decompress(codec, joined, text.length + noise.length).equals(Buffer.concat([text, noise]))).toBe(true)
  })

  test('output beyond the limit is too large, in one piece or in two', () => {
    const packed = compress(codec, text)
    expect(kindOf(() => decompress(codec, packed, text.length - 1))).toBe('too-large')
    expect(kindOf(() => decompress(codec, Buffer.concat([packed, packed]), text.length * 2 - 1))).toBe('too-large')
  })

  test('a bomb costs no memory', () => {
    const bomb = compress(codec, Buffer.alloc(32 << 20))
    const before = process.memoryUsage()
    expect(kindOf(() => decompress(codec, bomb, 1 << 20))).toBe('too-large')
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 << 20)
  })

  test('cut-off bytes are corrupt, wherever they are cut', () => {
    const packed = compress(codec, text)
    for (let end = 0; end < packed.length; end += Math.max(1, Math.floor(packed.length / 50))) {
      // A snappy frame that ends between two blocks is whole.
      if (codec === 'snappy' && end === 16) continue
      expect([end, kindOf(() => decompress(codec, packed.subarray(0, end), text.length))]).toEqual([end, 'corrupt'])
    }
  })
})

test('an unknown id is an unsupported compression', () => {
  expect(kindOf(() => compressionTypeOf(5))).toBe('unsupported-compression')
})

describe('snappy blocks', () => {
  test('a declared size that the bytes cannot hold is corrupt', () => {
    expect(kindOf(() => decompress('snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]), 2 ** 31))).toBe('corrupt')
    expect(kindOf(() => decompress('snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]), 2 ** 20))).toBe('too-large')
  })
})

describe('lz4 frames', () => {
  test('the header checksum that is computed is the one that the library writes', () => {
    const frame = compress('lz4', text)
    const found = lz4FrameAt(frame, 0, text.length, text.length)
    expect(found).toMatchObject({ end: frame.length, outputBytes: text.length })
    const at = (found as { headerChecksumAt: number }).headerChecksumAt
    expect(lz4HeaderChecksum(frame.subarray(4, at))).toBe(frame[at])
  })

  test('blocks are independent, since Java reads no others', () => {
    expect(compress('lz4', text)[4]! & 0x20).toBe(0x20)
  })

  test('a wrong header checksum is corrupt, but for magic 0', () => {
    const frame = compress('lz4', text)
    frame[6] = frame[6]! ^ 0xff
    expect(kindOf(() => decompressLz4(frame, text.length))).toBe('corrupt')
    expect(decompressLz4(frame, text.length, true).equals(text)).toBe(true)
  })
})

const libraries = [wasmZstd(), nodeZstd(), installedZstd()].filter((library) => library !== null)

describe.each(libraries.map((library) => [library.name, library] as const))('zstd by %s', (_name, library) => {
  test('what it compressed is read by every other', () => {
    for (const bytes of [Buffer.alloc(0), text, noise]) {
      const packed = library.compress(bytes, 3)
      for (const other of libraries) expect(decompressZstd(packed, bytes.length, other).equals(bytes)).toBe(true)
    }
  })

  test('a frame that does not declare its size unpacks in growing guesses', () => {
    // A run of 128 KiB in each block, and a window descriptor in place of a content size.
    const blocks = Array.from({ length: 40 }, (_, index) => [(index === 39 ? 1 : 0) | 2, 0, 0x10, 0x61])
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38, ...blocks.flat()])
    const size = 40 * 128 * 1024
    expect(decompressZstd(frame, size, library).equals(Buffer.alloc(size, 0x61))).toBe(true)
    expect(kindOf(() => decompressZstd(frame, size - 1, library))).toBe('too-large')
  })

  test('flipped bits are corrupt or change the bytes, and never do more', () => {
    const packed = library.compress(text, 3)
    for (let bit = 0; bit < packed.length * 8; bit += 41) {
      const flipped = Buffer.from(packed)
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7))
      expect(['corrupt', 'too-large', 'no error']).toContain(kindOf(() => decompressZstd(flipped, text.length, library)))
    }
  })
})
