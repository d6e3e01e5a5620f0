import type { AnyField, Fields, PrimitiveKind, Shape } from './field.ts'
import { notNull, type Reader, type UnknownTag, unknownTags } from './reader.ts'
import { includes } from './versions.ts'
import type { Writer } from './writer.ts'

/** Reads and writes one version of one message. */
export interface Codec<Out, In> {
  decode(reader: Reader): Out
  /** Fields that the version lacks are dropped; those left out have their default. */
  encode(writer: Writer, value: In): void
}

/*
 * From a schema and a version to two straight-line functions: the source is put together here and compiled by the engine, so that nothing
 * is interpreted per field when a message passes. Names in the source come from our own schemas only.
 */

interface Target {
  readonly version: number
  readonly flexible: boolean
  /** Constants that the source refers to as `c[n]`: default values that have no literal. */
  readonly constants: unknown[]
  readonly functions: string[]
}

export function compile<Out, In>(name: string, fields: Fields, version: number, flexible: boolean): Codec<Out, In> {
  const target: Target = { version, flexible, constants: [], functions: [] }
  const decode = decodeStruct(fields, target)
  const encode = encodeStruct(fields, target)
  const source = `'use strict'\n${target.functions.join('\n')}\nreturn { decode: ${decode}, encode: ${encode} }\n//# sourceURL=${name}-v${version}`
  const build = new Function('c', 'notNull', 'unknownTags', 'isDefault', source)
  return build(target.constants, notNull, unknownTags, isDefault) as Codec<Out, In>
}

const present = (field: AnyField, { version }: Target): boolean => includes(field.versions, version)
const tagged = (field: AnyField, { version, flexible }: Target): boolean =>
  flexible && field.tagged !== null && includes(field.tagged.versions, version)
const mayBeNull = (field: AnyField, { version }: Target): boolean => field.nullable !== null && includes(field.nullable, version)

interface Placed {
  readonly fixed: readonly [string, AnyField][]
  readonly tags: readonly [string, AnyField][]
  readonly absent: readonly [string, AnyField][]
}

function place(fields: Fields, target: Target): Placed {
  const fixed: [string, AnyField][] = []
  const tags: [string, AnyField][] = []
  const absent: [string, AnyField][] = []
  for (const entry of Object.entries(fields)) {
    if (!present(entry[1], target)) absent.push(entry)
    else if (tagged(entry[1], target)) tags.push(entry)
    else fixed.push(entry)
  }
  tags.sort(([, a], [, b]) => (a.tagged?.number ?? 0) - (b.tagged?.number ?? 0))
  return { fixed, tags, absent }
}

/** The source of a field's default. Empty arrays and structs are made anew each time: nobody shares what others may change. */
function defaultSource(field: AnyField, target: Target): string {
  const value = field.defaultValue
  if (value === null) return 'null'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value) && value.length === 0) return '[]'
  if (field.shape.kind === 'struct') return defaultStructSource(field.shape.fields, target)
  return `c[${target.constants.push(value) - 1}]`
}

const defaultStructSource = (fields: Fields, target: Target): string =>
  `{ ${Object.entries(fields)
    .map(([name, field]) => `${name}: ${defaultSource(field, target)}`)
    .join(', ')} }`

const methods: Record<PrimitiveKind, { plain: string; sized: boolean }> = {
  bool: { plain: 'bool', sized: false },
  int8: { plain: 'int8', sized: false },
  int16: { plain: 'int16', sized: false },
  uint16: { plain: 'uint16', sized: false },
  int32: { plain: 'int32', sized: false },
  uint32: { plain: 'uint32', sized: false },
  int64: { plain: 'int64', sized: false },
  float64: { plain: 'float64', sized: false },
  uuid: { plain: 'uuid', sized: false },
  string: { plain: 'String', sized: true },
  bytes: { plain: 'Bytes', sized: true },
  records: { plain: 'Records', sized: true },
}

/** The name of the reader's and the writer's method: `string`, `nullableString`, `compactString`, `compactNullableString`. */
function methodName(kind: PrimitiveKind, canBeNull: boolean, { flexible }: Target): string {
  const { plain, sized } = methods[kind]
  if (!sized) return plain
  const name = `${flexible ? 'compact' : ''}${canBeNull ? 'Nullable' : ''}${plain}`
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** The fewest bytes that a value takes: what bounds the count of an array before it is read. */
function bytesMin(shape: Shape, target: Target): number {
  switch (shape.kind) {
    case 'bool':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
    case 'uint32':
      return 4
    case 'int64':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return target.flexible ? 1 : 2
    case 'bytes':
    case 'records':
    case 'array':
      return target.flexible ? 1 : 4
    case 'struct': {
      const { fixed } = place(shape.fields, target)
      const sum = fixed.reduce((bytes, [, field]) => bytes + (isNullableStruct(field) ? 1 : bytesMin(field.shape, target)), 0)
      return Math.max(1, sum + (target.flexible ? 1 : 0))
    }
  }
}

const isNullableStruct = (field: AnyField): boolean => field.shape.kind === 'struct' && field.nullable !== null

function addFunction(target: Target, parameters: string, body: string): string {
  const name = `f${target.functions.length}`
  target.functions.push(`function ${name}(${parameters}) {\n${body}\n}`)
  return name
}

// Decoding

function decodeStruct(fields: Fields, target: Target): string {
  const { fixed, tags } = place(fields, target)
  const lines = fixed.map(([name, field], index) => `const v${index} = ${decodeField(name, field, target, false)}`)
  const values = new Map(fixed.map(([name], index) => [name, `v${index}`]))
  if (target.flexible) {
    tags.forEach(([name, field], index) => {
      values.set(name, `t${index}`)
      lines.push(`let t${index} = ${defaultSource(field, target)}`)
    })
    const cases = tags.map(
      ([name, field], index) => `case ${field.tagged?.number}: t${index} = ${decodeField(name, field, target, true)}; break`,
    )
    lines.push(
      'let unknown',
      'for (let n = r.unsignedVarint(); n > 0; n--) {',
      '  const tag = r.unsignedVarint(), size = r.unsignedVarint()',
      `  switch (tag) { ${cases.join('\n')}\n default: unknown = r.unknownTag(tag, size, unknown) }`,
      '}',
    )
  }
  const entries = Object.entries(fields).map(([name, field]) => `${name}: ${values.get(name) ?? defaultSource(field, target)}`)
  lines.push(`const value = { ${entries.join(', ')} }`)
  if (target.flexible) lines.push('if (unknown !== undefined) value[unknownTags] = unknown')
  return addFunction(target, 'r', `${lines.join('\n')}\nreturn value`)
}

function decodeField(name: string, field: AnyField, target: Target, inTag: boolean): string {
  const canBeNull = mayBeNull(field, target)
  if (field.shape.kind === 'struct' && canBeNull) {
    const lead = inTag ? 'r.unsignedVarint() === 0' : 'r.int8() < 0'
    return `${lead} ? null : ${decodeStruct(field.shape.fields, target)}(r)`
  }
  return decodeShape(name, field.shape, canBeNull, target)
}

function decodeShape(name: string, shape: Shape, canBeNull: boolean, target: Target): string {
  if (shape.kind === 'struct') return `${decodeStruct(shape.fields, target)}(r)`
  if (shape.kind !== 'array') {
    const method = methodName(shape.kind, canBeNull, target)
    return methods[shape.kind].sized && !canBeNull ? `r.${method}(${JSON.stringify(name)})` : `r.${method}()`
  }
  const element = decodeShape(name, shape.element, false, target)
  const length = `r.${target.flexible ? 'compactArrayLength' : 'arrayLength'}(${bytesMin(shape.element, target)})`
  const whenNull = canBeNull ? 'return null' : `notNull(${JSON.stringify(name)})`
  const body = `const n = ${length}\nif (n < 0) ${whenNull}\nconst list = []\nfor (let i = 0; i < n; i++) list.push(${element})\nreturn list`
  return `${addFunction(target, 'r', body)}(r)`
}

// Encoding

function encodeStruct(fields: Fields, target: Target): string {
  const { fixed, tags } = place(fields, target)
  const lines = fixed.map(([name, field]) => encodeField(name, field, target))
  if (target.flexible) {
    const known = tags.map(([name, field], index) => {
      const fieldIndex = target.constants.push(field) - 1
      return `const t${index} = v.${name}, has${index} = t${index} !== undefined && !isDefault(c[${fieldIndex}], t${index}, ${target.version})`
    })
    const count = ['unknown === undefined ? 0 : unknown.length', ...tags.map((_, index) => `(has${index} ? 1 : 0)`)]
    lines.push(...known, 'const unknown = v[unknownTags]', `w.unsignedVarint((${count.join(') + (')}))`)
    tags.forEach(([name, field], index) => {
      lines.push(
        `if (has${index}) { const s = w.beginTag(${field.tagged?.number}); ${encodeTagged(name, field, `t${index}`, target)}; w.endTag(s) }`,
      )
    })
    lines.push('if (unknown !== undefined) for (const tag of unknown) w.unknownTag(tag)')
  }
  return addFunction(target, 'w, v', lines.join('\n'))
}

const orDefault = (name: string, field: AnyField, target: Target): string =>
  `v.${name} === undefined ? ${defaultSource(field, target)} : v.${name}`

function encodeField(name: string, field: AnyField, target: Target): string {
  const value = orDefault(name, field, target)
  if (field.shape.kind === 'struct' && mayBeNull(field, target)) {
    const encode = encodeStruct(field.shape.fields, target)
    return `{ const s = ${value}; if (s === null) w.int8(-1); else { w.int8(1); ${encode}(w, s) } }`
  }
  return encodeShape(name, field.shape, mayBeNull(field, target), value, target)
}

function encodeTagged(name: string, field: AnyField, value: string, target: Target): string {
  if (field.shape.kind === 'struct' && mayBeNull(field, target)) {
    const encode = encodeStruct(field.shape.fields, target)
    return `if (${value} === null) w.unsignedVarint(0); else { w.unsignedVarint(1); ${encode}(w, ${value}) }`
  }
  return encodeShape(name, field.shape, mayBeNull(field, target), value, target)
}

function encodeShape(name: string, shape: Shape, canBeNull: boolean, value: string, target: Target): string {
  if (shape.kind === 'struct') return `${encodeStruct(shape.fields, target)}(w, ${value})`
  if (shape.kind !== 'array') {
    const method = methodName(shape.kind, canBeNull, target)
    if (!methods[shape.kind].sized || canBeNull) return `w.${method}(${value})`
    return `{ const s = ${value}; if (s === null) notNull(${JSON.stringify(name)}); w.${method}(s) }`
  }
  const nullSource = target.flexible ? 'w.unsignedVarint(0)' : 'w.int32(-1)'
  const whenNull = canBeNull ? `{ ${nullSource}; return }` : `notNull(${JSON.stringify(name)})`
  const lengthSource = target.flexible ? 'w.unsignedVarint(list.length + 1)' : 'w.int32(list.length)'
  const element = encodeShape(name, shape.element, false, 'list[i]', target)
  const body = `if (list === null) ${whenNull}\n${lengthSource}\nfor (let i = 0; i < list.length; i++) ${element}`
  return `${addFunction(target, 'w, list', body)}(w, ${value})`
}

/** Whether a tagged field may be left out: Kafka compares with the default, field by field in a struct. */
function isDefault(field: AnyField, value: unknown, version: number): boolean {
  if (value === null || field.defaultValue === null) return value === field.defaultValue
  const { shape } = field
  if (shape.kind === 'array') return (value as readonly unknown[]).length === (field.defaultValue as readonly unknown[]).length
  if (shape.kind === 'bytes') return (value as Buffer).equals(field.defaultValue as Buffer)
  if (shape.kind !== 'struct') return value === field.defaultValue
  const struct = value as Readonly<Record<string, unknown>> & { [unknownTags]?: readonly UnknownTag[] }
  if (struct[unknownTags] !== undefined) return false
  return Object.entries(shape.fields).every(
    ([name, inner]) =>
      struct[name] === undefined || !includes(inner.versions, version) || isDefault(inner, struct[name], version),
  )
}
