/*
 * XXH3, 64 bits, seed 0 and the default secret, as its specification says. Kafka keeps such a hash of a group's topics in
 * the group's record (KIP-1101), so that ours must be the same for a directory that moves between the two.
 */

const mask64 = (1n << 64n) - 1n
const prime32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn] as const
const prime64 = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n] as const
const primeMix1 = 0x165667919e3779f9n
const primeMix2 = 0x9fb21c651e98df25n

const secret = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
)

const stripeBytes = 64
/** Eight bytes of the secret are left behind at each stripe. */
const stripesPerBlock = (secret.length - stripeBytes) / 8

const u32 = (bytes: Buffer, at: number): bigint => BigInt(bytes.readUInt32LE(at))
const u64 = (bytes: Buffer, at: number): bigint => bytes.readBigUInt64LE(at)
const product = (a: bigint, b: bigint): bigint => (a * b) & mask64
const sum = (a: bigint, b: bigint): bigint => (a + b) & mask64

/** The halves of the 128-bit product, folded into one. */
function foldedProduct(a: bigint, b: bigint): bigint {
  const whole = a * b
  return (whole & mask64) ^ (whole >> 64n)
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes.readBigUInt64BE(0)
}

const rotated = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask64

function avalanche(hash: bigint): bigint {
  const mixed = product(hash ^ (hash >> 37n), primeMix1)
  return mixed ^ (mixed >> 32n)
}

function avalanche64(hash: bigint): bigint {
  const once = product(hash ^ (hash >> 33n), prime64[1])
  const twice = product(once ^ (once >> 29n), prime64[2])
  return twice ^ (twice >> 32n)
}

/** The hash, as the unsigned number that it is. */
export function xxh3(input: Buffer): bigint {
  const { length } = input
  if (length <= 16) return upTo16(input)
  if (length <= 128) return upTo128(input)
  return length <= 240 ? upTo240(input) : long(input)
}

function upTo16(input: Buffer): bigint {
  const { length } = input
  if (length > 8) {
    const low = u64(input, 0) ^ u64(secret, 24) ^ u64(secret, 32)
    const high = u64(input, length - 8) ^ u64(secret, 40) ^ u64(secret, 48)
    return avalanche(sum(sum(BigInt(length), swapped(low)), sum(high, foldedProduct(low, high))))
  }
  if (length >= 4) {
    const keyed = sum(u32(input, length - 4), u32(input, 0) << 32n) ^ u64(secret, 8) ^ u64(secret, 16)
    const spread = product(keyed ^ rotated(keyed, 49n) ^ rotated(keyed, 24n), primeMix2)
    const mixed = product(spread ^ sum(spread >> 35n, BigInt(length)), primeMix2)
    return mixed ^ (mixed >> 28n)
  }
  if (length === 0) return avalanche64(u64(secret, 56) ^ u64(secret, 64))
  const [first, middle, last] = [input[0]!, input[length >> 1]!, input[length - 1]!]
  const combined = BigInt(((first << 16) | (middle << 24) | last | (length << 8)) >>> 0)
  return avalanche64(combined ^ u32(secret, 0) ^ u32(secret, 4))
}

const mix16 = (input: Buffer, at: number, secretAt: number): bigint =>
  foldedProduct(u64(input, at) ^ u64(secret, secretAt), u64(input, at + 8) ^ u64(secret, secretAt + 8))

function upTo128(input: Buffer): bigint {
  const { length } = input
  let hash = product(BigInt(length), prime64[0])
  for (let pair = (length - 1) >> 5; pair >= 0; pair -= 1) {
    hash = sum(hash, mix16(input, 16 * pair, 32 * pair))
    hash = sum(hash, mix16(input, length - 16 * (pair + 1), 32 * pair + 16))
  }
  return avalanche(hash)
}

function upTo240(input: Buffer): bigint {
  const { length } = input
  let hash = product(BigInt(length), prime64[0])
  for (let round = 0; round < 8; round += 1) hash = sum(hash, mix16(input, 16 * round, 16 * round))
  hash = avalanche(hash)
  for (let round = 8; round < length >> 4; round += 1) hash = sum(hash, mix16(input, 16 * round, 16 * (round - 8) + 3))
  return avalanche(sum(hash, mix16(input, length - 16, 136 - 17)))
}

type Lanes = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]

function long(input: Buffer): bigint {
  const lanes: Lanes = [prime32[2], prime64[0], prime64[1], prime64[2], prime64[3], prime32[1], prime64[4], prime32[0]]
  const stripes = Math.floor((input.length - 1) / stripeBytes)
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    const inBlock = stripe % stripesPerBlock
    accumulate(lanes, input, stripe * stripeBytes, 8 * inBlock)
    if (inBlock === stripesPerBlock - 1) scramble(lanes)
  }
  accumulate(lanes, input, input.length - stripeBytes, secret.length - stripeBytes - 7)
  return merged(lanes, product(BigInt(input.length), prime64[0]))
}

function accumulate(lanes: Lanes, input: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane += 1) {
    const value = u64(input, at + 8 * lane)
    const keyed = value ^ u64(secret, secretAt + 8 * lane)
    lanes[lane ^ 1] = sum(lanes[lane ^ 1]!, value)
    lanes[lane] = sum(lanes[lane]!, (keyed & 0xffffffffn) * (keyed >> 32n))
  }
}

function scramble(lanes: Lanes): void {
  const secretAt = secret.length - stripeBytes
  for (const [lane, value] of lanes.entries()) {
    lanes[lane] = product(value ^ (value >> 47n) ^ u64(secret, secretAt + 8 * lane), prime32[0])
  }
}

function merged(lanes: Lanes, start: bigint): bigint {
  let hash = start
  for (let pair = 0; pair < 4; pair += 1) {
    const [low, high] = [lanes[2 * pair]!, lanes[2 * pair + 1]!]
    hash = sum(hash, foldedProduct(low ^ u64(secret, 11 + 16 * pair), high ^ u64(secret, 19 + 16 * pair)))
  }
  return avalanche(hash)
}
