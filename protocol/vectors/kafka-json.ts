import { OwnedRecords, type RecordsSlice } from '../records/records-slice.ts'
import type { AnyField, Fields, Shape } from '../schema/field.ts'
import { type UnknownTag, unknownTags } from '../schema/reader.ts'

/** A message as Kafka's JsonConverter writes it; bytes and records are base64, integers beyond 2^53 are text. */
export type KafkaJson = Readonly<Record<string, unknown>>

/** The value that an encoder takes for it. Fields that the JSON lacks are left out; names that no field has are refused. */
export function fromKafkaJson(fields: Fields, json: KafkaJson): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(json)) {
    const field = fields[name]
    if (field === undefined) throw new Error(`no field ${name}`)
    value[name] = fromJson(field.shape, inner)
  }
  return value
}

function fromJson(shape: Shape, json: unknown): unknown {
  if (json === null) return null
  switch (shape.kind) {
    case 'array':
      return (json as readonly unknown[]).map((element) => fromJson(shape.element, element))
    case 'struct':
      return fromKafkaJson(shape.fields, json as KafkaJson)
    case 'int64':
      return BigInt(json as number | string)
    case 'float64':
      return Number(json)
    case 'bytes':
      return Buffer.from(json as string, 'base64')
    case 'records':
      return new OwnedRecords(Buffer.from(json as string, 'base64'))
    default:
      return json
  }
}

/** What a decoder gives for an encoder's value: whatever was left out has its default. */
export function withDefaults(fields: Fields, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const full: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    full[name] = withDefaultsIn(field.shape, value[name] === undefined ? defaultOf(field) : value[name])
  }
  return full
}

const defaultOf = (field: AnyField): unknown => field.defaultValue

function withDefaultsIn(shape: Shape, value: unknown): unknown {
  if (value === null) return null
  if (shape.kind === 'array') return (value as readonly unknown[]).map((element) => withDefaultsIn(shape.element, element))
  return shape.kind === 'struct' ? withDefaults(shape.fields, value as Record<string, unknown>) : value
}

/** The same with plain bytes for records, so that two values can be compared. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (Buffer.isBuffer(value)) return `bytes ${value.toString('hex')}`
  if (typeof value !== 'object' || value === null) return value
  if ('pieces' in value) return `records ${(value as RecordsSlice).view().toString('hex')}`
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner)]))
}

/** Puts tags that no schema knows where their JSON pointers say. */
export function addUnknownTags(value: object, tags: readonly { path: string; tag: number; hex: string }[]): void {
  for (const { path, tag, hex } of tags) {
    let at = value as Record<string, unknown> & { [unknownTags]?: UnknownTag[] }
    for (const step of path.split('/').slice(1)) at = at[step] as typeof at
    at[unknownTags] = [...(at[unknownTags] ?? []), { tag, bytes: Buffer.from(hex, 'hex') }]
  }
}
