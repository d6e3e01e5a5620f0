import { type Codec, compile } from './compile.ts'
import type { Decoded, Encodable, Fields } from './field.ts'
import { Reader as MessageReader, type Reader } from './reader.ts'
import { includes, type VersionRange, versionRange } from './versions.ts'
import { Writer } from './writer.ts'

export interface MessageDefinition<F extends Fields> {
  readonly name: string
  /** `0-4` */
  readonly versions: string
  /** From which version on it has compact lengths and tagged fields (KIP-482): `4+`, or `none`. */
  readonly flexible: string
  readonly fields: F
}

/** A message in all its versions. Codecs are compiled on first use. */
export class Message<Out, In> {
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: VersionRange | null
  readonly fields: Fields
  readonly #codecs: Codec<Out, In>[] = []

  constructor(definition: MessageDefinition<Fields>) {
    this.name = definition.name
    this.versions = versionRange(definition.versions)
    this.flexible = definition.flexible === 'none' ? null : versionRange(definition.flexible)
    this.fields = definition.fields
  }

  isFlexible(version: number): boolean {
    return this.flexible !== null && includes(this.flexible, version)
  }

  codec(version: number): Codec<Out, In> {
    const known = this.#codecs[version]
    if (known !== undefined) return known
    if (!includes(this.versions, version)) throw new RangeError(`${this.name} has no version ${version}.`)
    const codec = compile<Out, In>(this.name, this.fields, version, this.isFlexible(version))
    this.#codecs[version] = codec
    return codec
  }

  decode(bytes: Buffer | Reader, version: number): Out {
    return this.codec(version).decode(Buffer.isBuffer(bytes) ? new MessageReader(bytes) : bytes)
  }

  /** The bytes of a message by itself: a record's key or value, a body in a test. */
  encode(value: In, version: number): Buffer {
    const writer = new Writer()
    this.codec(version).encode(writer, value)
    return writer.toBuffer()
  }
}

export function defineMessage<const F extends Fields>(definition: MessageDefinition<F>): Message<Decoded<F>, Encodable<F>> {
  return new Message(definition)
}

/** What a decoder of the message gives. */
export type DecodedOf<M> = M extends { decode(bytes: Buffer, version: number): infer Out } ? Out : never
/** What an encoder of the message takes. */
export type EncodableOf<M> = M extends { encode(value: infer In, version: number): Buffer } ? In : never
