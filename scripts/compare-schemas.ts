import { type AnyField, type Fields, type Shape, ZERO_UUID } from '../protocol/schema/field.ts'
import { includes } from '../protocol/schema/versions.ts'
import type { AnyMessage, Schemas } from '../protocol/vectors/load-schemas.ts'
import { allVersions, describeField, isFlexible, type KafkaDefinition, kafkaFields, stableVersions } from './kafka-definition.ts'

/** One message in two releases: the newer one says what its versions are, the older one adds those that were dropped since. */
export interface Definitions {
  readonly newer: KafkaDefinition | undefined
  readonly older: KafkaDefinition | undefined
}

/** A line for every difference between our schemas and Kafka's definitions. */
export function compareSchemas(schemas: Schemas, definitions: ReadonlyMap<string, Definitions>): string[] {
  const lines: string[] = []
  for (const [name, message] of schemas.messages) {
    const found = definitions.get(name)
    if (found === undefined) lines.push(`${name}: Kafka does not define it`)
    else lines.push(...compareMessage(message, schemas.keys.get(name), found).map((line) => `${name}: ${line}`))
  }
  for (const [name, { newer }] of definitions) {
    if (newer !== undefined && isServed(newer) && !schemas.messages.has(name)) lines.push(`${name}: there is no schema`)
  }
  return lines
}

/** Kafka tells by the request alone who listens. Records of all kinds are ours to read. */
function isServed(definition: KafkaDefinition): boolean {
  if (stableVersions(definition) === null) return false
  return definition.type === 'request'
    ? (definition.listeners ?? []).includes('broker')
    : /^(coordinator-|metadata$)/.test(definition.type)
}

function compareMessage(message: AnyMessage, key: number | undefined, { newer, older }: Definitions): string[] {
  const lines: string[] = []
  const expectedKey = (newer ?? older)?.apiKey
  if (key !== expectedKey) lines.push(`key ${key} instead of ${expectedKey}`)
  const ranges = [newer, older].flatMap((definition) => (definition === undefined ? [] : (stableVersions(definition) ?? [])))
  const min = Math.min(...ranges.map((range) => range.min))
  const max = Math.max(...ranges.map((range) => range.max))
  // A version that is not final may be there, as Kafka's own tests ask for it: it is then compared, too.
  const unstableMax = Math.max(
    max,
    ...[newer, older].flatMap((definition) => (definition === undefined ? [] : (allVersions(definition)?.max ?? []))),
  )
  if (message.versions.min !== min || (message.versions.max !== max && message.versions.max !== unstableMax)) {
    lines.push(`versions ${message.versions.min}-${message.versions.max} instead of ${min}-${max}`)
  }
  const differences = new Map<string, number[]>()
  for (let version = message.versions.min; version <= message.versions.max; version++) {
    const definition = [newer, older].find((one) => one !== undefined && holds(one, version))
    const found = definition === undefined ? ['Kafka has no such version'] : compareVersion(message, version, definition)
    for (const difference of found) differences.set(difference, [...(differences.get(difference) ?? []), version])
  }
  for (const [difference, versions] of differences) lines.push(`${difference} (versions ${versions.join(', ')})`)
  return lines
}

function holds(definition: KafkaDefinition, version: number): boolean {
  const range = allVersions(definition)
  return range !== null && includes(range, version)
}

function compareVersion(message: AnyMessage, version: number, definition: KafkaDefinition): string[] {
  const lines: string[] = []
  const flexible = message.isFlexible(version)
  if (flexible !== isFlexible(definition, version))
    lines.push(flexible ? 'flexible, not in Kafka' : 'not flexible, in Kafka it is')
  const ours = ourFields(message.fields, version)
  const theirs = kafkaFields(definition, version)
  for (const [path, description] of ours) {
    const expected = theirs.get(path)
    if (expected === undefined) lines.push(`${path} is not in Kafka`)
    else if (description !== expected) lines.push(`${path} is ${description} instead of ${expected}`)
  }
  for (const path of theirs.keys()) if (!ours.has(path)) lines.push(`${path} is missing`)
  const order = [...ours.keys()].join(' ')
  if (lines.length === 0 && order !== [...theirs.keys()].join(' ')) lines.push('the fields stand in another order')
  return lines
}

function ourFields(fields: Fields, version: number): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (inner: Fields, prefix: string): void => {
    for (const [name, field] of Object.entries(inner)) {
      if (!includes(field.versions, version)) continue
      const { shape } = field
      const element = shape.kind === 'array' ? shape.element : shape
      const nullable = field.nullable !== null && includes(field.nullable, version)
      const tag = field.tagged !== null && includes(field.tagged.versions, version) ? field.tagged.number : undefined
      found.set(`${prefix}${name}`, describeField(typeOf(shape), nullable, tag, ourDefault(field)))
      if (element.kind === 'struct') walk(element.fields, `${prefix}${name}${shape.kind === 'array' ? '[]' : ''}.`)
    }
  }
  walk(fields, '')
  return found
}

const typeOf = (shape: Shape): string => (shape.kind === 'array' ? `[]${typeOf(shape.element)}` : shape.kind)

function ourDefault({ shape, defaultValue }: AnyField): string {
  if (defaultValue === null) return 'null'
  if (shape.kind === 'array') return (defaultValue as readonly unknown[]).length === 0 ? 'empty' : 'not empty'
  if (shape.kind === 'bytes') return (defaultValue as Buffer).length === 0 ? 'empty' : 'not empty'
  if (shape.kind === 'uuid') return defaultValue === ZERO_UUID ? 'empty' : String(defaultValue)
  if (shape.kind === 'struct') return 'empty'
  return typeof defaultValue === 'string' ? JSON.stringify(defaultValue) : String(defaultValue)
}
