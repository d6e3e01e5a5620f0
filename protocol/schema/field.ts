import type { RecordsSlice } from '../records/records-slice.ts'
import { intersection, VERSION_MAX, type VersionRange, versionRange } from './versions.ts'

export type PrimitiveKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'

/** What stands on the wire, apart from the versions in which it does. */
export type Shape =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'array'; readonly element: Shape }
  | { readonly kind: 'struct'; readonly fields: Fields }

export type Fields = Readonly<Record<string, AnyField>>
export type AnyField = Field<unknown, unknown, boolean>

interface FieldState {
  readonly shape: Shape
  readonly versions: VersionRange
  /** Where null is legal; null: nowhere. */
  readonly nullable: VersionRange | null
  readonly tag: { readonly number: number; readonly versions: VersionRange } | null
  readonly defaultValue: unknown
}

const all: VersionRange = { min: 0, max: VERSION_MAX }

/**
 * One field of a message: what it is, in which versions, and its value where a version lacks it. Fields are immutable;
 * each method gives a new one. `Out` is what a decoder gives, `In` what an encoder takes; an `Optional` field may be
 * left out when encoding and then has its default.
 */
export class Field<Out, In = Out, Optional extends boolean = false> {
  declare readonly types: { out: Out; in: In; optional: Optional }
  readonly shape: Shape
  readonly versions: VersionRange
  readonly nullable: VersionRange | null
  readonly tagged: { readonly number: number; readonly versions: VersionRange } | null
  /** The value where it is absent. */
  readonly defaultValue: unknown

  constructor(state: FieldState) {
    this.shape = state.shape
    this.versions = state.versions
    this.nullable = state.nullable
    this.tagged = state.tag
    this.defaultValue = state.defaultValue
  }

  #with(change: Partial<FieldState>): FieldState {
    const { shape, versions, nullable, tagged, defaultValue } = this
    return { shape, versions, nullable, tag: tagged, defaultValue, ...change }
  }

  /** Present from this version on. */
  since(version: number): Field<Out, In, true> {
    return new Field(this.#with({ versions: intersection(this.versions, { min: version, max: VERSION_MAX }) }))
  }

  /** Present up to this version. */
  until(version: number): Field<Out, In, true> {
    return new Field(this.#with({ versions: intersection(this.versions, { min: 0, max: version }) }))
  }

  /** The value where it is absent or left out, if it is not the usual one (0, '', false, empty, null where nullable). */
  default(value: In): Field<Out, In, true> {
    return new Field(this.#with({ defaultValue: value }))
  }

  /** Not among the fixed fields but in the tagged section (KIP-482), in all its versions or from `since` on. */
  tag(number: number, since = 0): Field<Out, In, true> {
    return new Field(this.#with({ tag: { number, versions: { min: since, max: VERSION_MAX } } }))
  }
}

const primitive = <T>(kind: PrimitiveKind, defaultValue: unknown): Field<T> =>
  new Field({ shape: { kind }, versions: all, nullable: null, tag: null, defaultValue })

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

export const bool = primitive<boolean>('bool', false)
export const int8 = primitive<number>('int8', 0)
export const int16 = primitive<number>('int16', 0)
export const uint16 = primitive<number>('uint16', 0)
export const int32 = primitive<number>('int32', 0)
export const uint32 = primitive<number>('uint32', 0)
export const int64 = primitive<bigint>('int64', 0n)
export const float64 = primitive<number>('float64', 0)
export const string = primitive<string>('string', '')
/** Kafka's text form: base64url without padding, 22 characters. */
export const uuid = primitive<string>('uuid', ZERO_UUID)
export const bytes = primitive<Buffer>('bytes', Buffer.alloc(0))
/** Record batches, not parsed and not copied. */
export const records = primitive<RecordsSlice>('records', null)

type Out<F> = F extends Field<infer O, unknown, boolean> ? O : never
type In<F> = F extends Field<unknown, infer I, boolean> ? I : never
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends Field<unknown, unknown, true> ? never : K }[keyof F]

/** What a decoder gives: every field, whatever the version. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: Out<F[K]> }

/** What an encoder takes: fields that some version lacks, or that have a default of their own, may be left out. */
export type Encodable<F extends Fields> = { readonly [K in RequiredKeys<F>]: In<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: In<F[K]> | undefined
}

const isField = (of: AnyField | Fields): of is AnyField => of instanceof Field

const shapeOf = (of: AnyField | Fields): Shape => (isField(of) ? of.shape : { kind: 'struct', fields: of })

export function struct<F extends Fields>(fields: F): Field<Decoded<F>, Encodable<F>> {
  return new Field({ shape: shapeOf(fields), versions: all, nullable: null, tag: null, defaultValue: {} })
}

export function array<O, I>(element: Field<O, I, boolean>): Field<readonly O[], readonly I[]>
export function array<F extends Fields>(element: F): Field<readonly Decoded<F>[], readonly Encodable<F>[]>
export function array(element: AnyField | Fields): AnyField {
  return new Field({
    shape: { kind: 'array', element: shapeOf(element) },
    versions: all,
    nullable: null,
    tag: null,
    defaultValue: [],
  })
}

/** Null is legal, in all versions of the field or in those given (`2+`); absent it is null. */
export function nullable<O, I, Optional extends boolean>(
  field: Field<O, I, Optional>,
  versions = '0+',
): Field<O | null, I | null, Optional> {
  const { shape, tagged } = field
  return new Field({ shape, versions: field.versions, nullable: versionRange(versions), tag: tagged, defaultValue: null })
}
