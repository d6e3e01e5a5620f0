const multiplier1 = 0x239b961b
const multiplier2 = 0xab0e9789
const multiplier3 = 0x38b34ae5
const multiplier4 = 0xa1e38b93

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

/** The last step for each of the four parts: every bit of it depends on every other. */
function mixed(value: number): number {
  let part = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  part = Math.imul(part ^ (part >>> 13), 0xc2b2ae35)
  return part ^ (part >>> 16)
}

/** The `count` bytes at `at`, as a little-endian number; there may be fewer than four. */
function word(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let index = Math.min(4, count) - 1; index >= 0; index -= 1) value = (value << 8) | bytes[at + index]!
  return value
}

/**
 * Writes the 128 bits of MurmurHash3 (x86) of a key into `hash`. Kafka takes MD5 for the same end, also 128 bits; a call into the
 * crypto library costs ten times as much for a short key. Neither keeps a writer of a topic from making two of its keys collide on
 * purpose, but it may write a tombstone for any of them anyway.
 */
export function hashKey(key: Uint8Array, seed: number, hash: Uint32Array): void {
  let [one, two, three, four] = [seed, seed, seed, seed]
  const { length } = key
  const wholeEnd = length - (length % 16)
  for (let at = 0; at < wholeEnd; at += 16) {
    one ^= Math.imul(rotated(Math.imul(word(key, at, 4), multiplier1), 15), multiplier2)
    one = (Math.imul((rotated(one, 19) + two) | 0, 5) + 0x561ccd1b) | 0
    two ^= Math.imul(rotated(Math.imul(word(key, at + 4, 4), multiplier2), 16), multiplier3)
    two = (Math.imul((rotated(two, 17) + three) | 0, 5) + 0x0bcaa747) | 0
    three ^= Math.imul(rotated(Math.imul(word(key, at + 8, 4), multiplier3), 17), multiplier4)
    three = (Math.imul((rotated(three, 15) + four) | 0, 5) + 0x96cd1c35) | 0
    four ^= Math.imul(rotated(Math.imul(word(key, at + 12, 4), multiplier4), 18), multiplier1)
    four = (Math.imul((rotated(four, 13) + one) | 0, 5) + 0x32ac3b17) | 0
  }
  const left = length - wholeEnd
  if (left > 12) four ^= Math.imul(rotated(Math.imul(word(key, wholeEnd + 12, left - 12), multiplier4), 18), multiplier1)
  if (left > 8) three ^= Math.imul(rotated(Math.imul(word(key, wholeEnd + 8, left - 8), multiplier3), 17), multiplier4)
  if (left > 4) two ^= Math.imul(rotated(Math.imul(word(key, wholeEnd + 4, left - 4), multiplier2), 16), multiplier3)
  if (left > 0) one ^= Math.imul(rotated(Math.imul(word(key, wholeEnd, left), multiplier1), 15), multiplier2)

  one ^= length
  two ^= length
  three ^= length
  four ^= length
  one = (one + two + three + four) | 0
  const mixedTwo = mixed((two + one) | 0)
  const mixedThree = mixed((three + one) | 0)
  const mixedFour = mixed((four + one) | 0)
  const mixedOne = (mixed(one) + mixedTwo + mixedThree + mixedFour) | 0
  hash[0] = mixedOne
  hash[1] = mixedTwo + mixedOne
  hash[2] = mixedThree + mixedOne
  hash[3] = mixedFour + mixedOne
}
