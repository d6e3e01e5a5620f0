import { InvalidRecords } from './invalid-records.ts'

function tooShort(): InvalidRecords {
  return new InvalidRecords('invalid', 'A record ends before its fields do')
}

function tooLong(type: string): InvalidRecords {
  return new InvalidRecords('invalid', `A ${type} has more bytes than the type can have`)
}

/** Reads the fields of records one after the other, never beyond `end`. */
export class RecordCursor {
  readonly bytes: Buffer
  position: number
  end: number

  constructor(bytes: Buffer, position: number, end: number) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  readByte(): number {
    if (this.position >= this.end) throw tooShort()
    return this.bytes[this.position++]!
  }

  /** As an int32, so that 2^32 - 1 reads as -1: the bits of the fifth byte that have no place are dropped, as Kafka does. */
  readUnsignedVarint(): number {
    let byte = this.readByte()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let shift = 7; shift <= 28; shift += 7) {
      byte = this.readByte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw tooLong('varint')
  }

  readVarint(): number {
    const value = this.readUnsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  readVarlong(): bigint {
    let low = 0
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.readByte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return BigInt((low >>> 1) ^ -(low & 1))
    }
    let value = BigInt(low)
    for (let shift = 28n; shift <= 63n; shift += 7n) {
      const byte = this.readByte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        value = BigInt.asUintN(64, value)
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
      }
    }
    throw tooLong('varlong')
  }

  /** A view of the next bytes, not a copy. */
  slice(lengthBytes: number): Buffer {
    if (lengthBytes > this.remaining) throw tooShort()
    const start = this.position
    this.position += lengthBytes
    return this.bytes.subarray(start, this.position)
  }
}

const zigZag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0

const zigZagLong = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))

/** Values that have as many bytes as a varlong as they have as a varint, so that no bigint is needed for them. */
const fitsInt32 = (value: bigint): boolean => value >= -0x80000000n && value <= 0x7fffffffn

export function sizeOfUnsignedVarint(value: number): number {
  const bits = 32 - Math.clz32(value)
  return bits <= 7 ? 1 : Math.ceil(bits / 7)
}

export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint(zigZag(value))
}

export function sizeOfVarlong(value: bigint): number {
  if (fitsInt32(value)) return sizeOfVarint(Number(value))
  let size = 1
  for (let rest = zigZagLong(value) >> 7n; rest > 0n; rest >>= 7n) size += 1
  return size
}

/** Each writer returns the position behind what it wrote. */
export function writeUnsignedVarint(bytes: Buffer, position: number, value: number): number {
  let rest = value >>> 0
  let at = position
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

export function writeVarint(bytes: Buffer, position: number, value: number): number {
  return writeUnsignedVarint(bytes, position, zigZag(value))
}

export function writeVarlong(bytes: Buffer, position: number, value: bigint): number {
  if (fitsInt32(value)) return writeVarint(bytes, position, Number(value))
  let rest = zigZagLong(value)
  let at = position
  while (rest >= 0x80n) {
    bytes[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  bytes[at++] = Number(rest)
  return at
}
