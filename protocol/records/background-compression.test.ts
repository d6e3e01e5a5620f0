import { describe, expect, test } from '@jest/globals'
import { compressInBackground, decompressInBackground } from './background-compression.ts'
import { compressionTypes, decompress } from './compression.ts'

const text = (bytes: number): Buffer => Buffer.from('all work and no play '.repeat(Math.ceil(bytes / 21))).subarray(0, bytes)

/** What little can be said about: it packs badly. */
function noise(bytes: number): Buffer {
  const made = Buffer.alloc(bytes)
  for (let at = 0, state = 1; at < bytes; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    made[at] = state >>> 16
  }
  return made
}

describe('compression in the background', () => {
  test.each(compressionTypes)('%s packs and unpacks what is small and what is large', async (type) => {
    for (const bytes of [text(100), text(100_000), noise(100_000)]) {
      const packed = await compressInBackground(type, bytes)
      expect(decompress(type, packed, bytes.length).equals(bytes)).toBe(true)
      expect((await decompressInBackground(type, packed, bytes.length)).equals(bytes)).toBe(true)
    }
  })

  test('what would unpack to more than is allowed, or is broken, is refused', async () => {
    const packed = await compressInBackground('gzip', noise(100_000))
    await expect(decompressInBackground('gzip', packed, 99_999)).rejects.toMatchObject({ kind: 'too-large' })
    packed.fill(0, 50_000, 60_000)
    await expect(decompressInBackground('gzip', packed, 200_000)).rejects.toMatchObject({ kind: 'corrupt' })
  })
})
