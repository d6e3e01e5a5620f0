import { includes, type VersionRange, versionRange } from '../protocol/schema/versions.ts'

/** A message as Kafka's own files define it, as far as it shows on the wire. */
export interface KafkaDefinition {
  readonly name: string
  readonly type: string
  readonly apiKey?: number
  readonly listeners?: readonly string[]
  readonly validVersions: string
  readonly flexibleVersions?: string
  readonly latestVersionUnstable?: boolean
  readonly fields?: readonly KafkaField[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly KafkaField[] }[]
}

interface KafkaField {
  readonly name: string
  readonly type: string
  readonly versions?: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean | null
  readonly fields?: readonly KafkaField[]
}

/** The files are JSON with comments to the ends of lines. */
export function parseDefinition(text: string): KafkaDefinition {
  return JSON.parse(
    text.replaceAll(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, (_match, literal?: string) => literal ?? ''),
  ) as KafkaDefinition
}

const rangeOf = (text: string | undefined): VersionRange | null =>
  text === undefined || text === 'none' ? null : versionRange(text)

export const allVersions = (definition: KafkaDefinition): VersionRange | null => rangeOf(definition.validVersions)

/** The versions that are final, or null: a version that is not may still change. */
export function stableVersions(definition: KafkaDefinition): VersionRange | null {
  const range = allVersions(definition)
  if (range === null || definition.latestVersionUnstable !== true) return range
  return range.min === range.max ? null : { min: range.min, max: range.max - 1 }
}

export const isFlexible = (definition: KafkaDefinition, version: number): boolean => {
  const range = rangeOf(definition.flexibleVersions)
  return range !== null && includes(range, version)
}

/** The fields of one version in their order, each as its path and what it is: `topics[].name`, `string nullable, default null`. */
export function kafkaFields(definition: KafkaDefinition, version: number): Map<string, string> {
  const structs = new Map(definition.commonStructs?.map(({ name, fields }) => [name, fields]))
  const found = new Map<string, string>()
  const has = (text: string | undefined): boolean => {
    const range = rangeOf(text)
    return range !== null && includes(range, version)
  }
  const walk = (fields: readonly KafkaField[], prefix: string): void => {
    for (const field of fields) {
      if (!has(field.versions ?? field.taggedVersions)) continue
      const isArray = field.type.startsWith('[]')
      const element = isArray ? field.type.slice(2) : field.type
      const inner = field.fields ?? structs.get(element)
      const path = `${prefix}${field.name.charAt(0).toLowerCase()}${field.name.slice(1)}`
      const tag = has(field.taggedVersions) ? field.tag : undefined
      const type = `${isArray ? '[]' : ''}${inner === undefined ? element : 'struct'}`
      found.set(path, describeField(type, has(field.nullableVersions), tag, kafkaDefault(field, type)))
      if (inner !== undefined) walk(inner, `${path}${isArray ? '[]' : ''}.`)
    }
  }
  walk(definition.fields ?? [], '')
  return found
}

function kafkaDefault(field: KafkaField, type: string): string {
  const given = field.default ?? ''
  if (given === 'null' || type === 'records') return 'null'
  if (type.startsWith('[]') || type === 'struct' || type === 'bytes' || type === 'uuid') return 'empty'
  if (type === 'string') return JSON.stringify(given)
  if (type === 'bool') return String(given === true || given === 'true')
  return type === 'float64' ? String(Number(given)) : String(BigInt(given))
}

export const describeField = (type: string, nullable: boolean, tag: number | undefined, defaultValue: string): string =>
  `${type}${nullable ? ' nullable' : ''}${tag === undefined ? '' : ` tag ${tag}`}, default ${defaultValue}`
