import { describe, expect, test } from '@jest/globals'
import { Buffers } from './buffers.ts'

describe('pooled buffers', () => {
  test('a buffer is an ArrayBuffer of its own, a power of two long, seen at the length asked for', () => {
    const buffers = new Buffers()
    for (const [bytes, memory] of [
      [0, 1024],
      [1, 1024],
      [1024, 1024],
      [1025, 2048],
      [1_000_000, 1 << 20],
    ] as const) {
      const buffer = buffers.take(bytes)
      expect([buffer.length, buffer.byteOffset, buffer.buffer.byteLength]).toEqual([bytes, 0, memory])
    }
  })

  test('memory that is given back is used again', () => {
    const buffers = new Buffers()
    const first = buffers.take(3000)
    buffers.give(first.subarray(5, 6))
    expect(buffers.idleBytes).toBe(4096)
    expect(buffers.take(2049).buffer).toBe(first.buffer)
    expect(buffers.idleBytes).toBe(0)
  })

  test('idle memory is bounded', () => {
    const buffers = new Buffers({ idleBytesMax: 4096 })
    const taken = [buffers.take(2048), buffers.take(2048), buffers.take(2048)]
    for (const buffer of taken) buffers.give(buffer)
    expect(buffers.idleBytes).toBe(4096)
  })

  test('a buffer larger than the largest class, or one that was transferred, is not kept', () => {
    const buffers = new Buffers({ idleBytesMax: 1 << 30 })
    buffers.give(buffers.take(17 * 1024 * 1024))
    const transferred = buffers.take(1024)
    structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] })
    buffers.give(transferred)
    expect(buffers.idleBytes).toBe(0)
  })

  test('checked: what is given back is overwritten, and misuse throws', () => {
    const buffers = new Buffers({ checked: true })
    const buffer = buffers.take(10)
    buffers.give(buffer)
    expect(buffer.every((byte) => byte === 0xdb)).toBe(true)
    expect(() => buffers.give(buffer)).toThrow('twice')
    expect(() => buffers.give(Buffer.from(new ArrayBuffer(1024)))).toThrow('none of this pool')
    buffer[3] = 1
    expect(() => buffers.take(10)).toThrow('written to at 3')
  })
})
