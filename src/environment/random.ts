import { randomFillSync } from 'node:crypto'
import type { Random } from './environment.ts'

/** The system's own randomness. */
export function systemRandom(): Random {
  const bytes = (count: number): Buffer => randomFillSync(Buffer.alloc(count))
  return { bytes, uuid: () => uuidText(bytes) }
}

/** The same bytes for the same seed, so that a failing test run is repeated from the one number that it printed. */
export function seededRandom(seed: number): Random {
  const next = splitMix32(seed)
  const bytes = (count: number): Buffer => {
    const filled = Buffer.alloc(count)
    for (let at = 0; at < count; at++) filled[at] = next() & 0xff
    return filled
  }
  return { bytes, uuid: () => uuidText(bytes) }
}

/** Kafka's text form of a version 4 uuid. Kafka too draws again at a leading dash, which command lines would take for an option. */
function uuidText(bytes: (count: number) => Buffer): string {
  for (;;) {
    const uuid = bytes(16)
    uuid[6] = (uuid[6]! & 0x0f) | 0x40
    uuid[8] = (uuid[8]! & 0x3f) | 0x80
    const text = uuid.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}

/** Whole numbers of 32 bits from a counter whose steps are mixed: short, and every seed is a good one. */
export function splitMix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
