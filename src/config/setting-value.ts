import { KafkaError } from '../../protocol/errors.ts'
import { formatValue, type Setting, type SettingType, type SettingValue } from './setting.ts'

/** A value that was given as text: what it means, and the text as Kafka would write it. */
export interface ParsedValue {
  readonly value: SettingValue
  readonly text: string
}

const invalid = (name: string, shown: string, reason: string): KafkaError =>
  new KafkaError('INVALID_CONFIG', `Invalid value ${shown} for configuration ${name}: ${reason}`)

/**
 * Reads a value given as text, as Kafka's `ConfigDef` does, or throws INVALID_CONFIG with its words. A long beyond 2^53
 * is rounded: such values stand for "never" or "no limit" and are only compared; the text stays exact.
 */
export function parseValue(setting: Setting, name: string, given: string): ParsedValue {
  const parsed = parseType(setting.type, name, given)
  const reason = broken(setting, name, parsed.value)
  if (reason !== null) throw reason
  return parsed
}

const wholeRanges = { short: 2n ** 15n, int: 2n ** 31n, long: 2n ** 63n }

function parseType(type: SettingType, name: string, given: string): ParsedValue {
  const text = given.trim()
  switch (type) {
    case 'boolean': {
      const lower = text.toLowerCase()
      if (lower !== 'true' && lower !== 'false') throw invalid(name, given, 'Expected value to be either true or false')
      return { value: lower === 'true', text: lower }
    }
    case 'short':
    case 'int':
    case 'long': {
      const whole = /^[+-]?[0-9]{1,40}$/.test(text) ? BigInt(text.replace('+', '')) : null
      const end = wholeRanges[type]
      if (whole === null || whole >= end || whole < -end) throw invalid(name, given, `Not a number of type ${type.toUpperCase()}`)
      return { value: Number(whole), text: String(whole) }
    }
    case 'double': {
      if (!/^[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)$/.test(text)) {
        throw invalid(name, given, 'Not a number of type DOUBLE')
      }
      const value = Number(text.replace(/^([+-]?)NaN$/, 'NaN').replace(/(?<=[0-9.])[fFdD]$/, ''))
      return { value, text: formatValue('double', value) }
    }
    case 'list': {
      const value = text === '' ? [] : text.split(/\s*,\s*/)
      return { value, text: value.join(',') }
    }
    case 'password':
      return { value: text, text }
    case 'string':
    case 'class':
      return { value: text, text }
  }
}

function broken(setting: Setting, name: string, value: SettingValue): KafkaError | null {
  const { rule, notEmpty } = setting.constraints
  if (rule !== undefined) {
    const reason = rule.check(value, name)
    return reason === null ? null : invalid(name, Array.isArray(value) ? `[${value.join(', ')}]` : String(value), reason)
  }
  if (typeof value === 'number') return outOfRange(setting, name, value)
  if (typeof value === 'string') {
    if (notEmpty && value === '') return invalid(name, value, 'String must be non-empty')
    return notOneOf(setting, name, value)
  }
  return Array.isArray(value) ? brokenList(setting, name, value) : null
}

function outOfRange({ type, constraints }: Setting, name: string, value: number): KafkaError | null {
  const { min, max, also } = constraints
  const below = min !== undefined && value < min
  const above = max !== undefined && value > max
  if (value === also || !(below || above)) return null
  const shown = formatValue(type, value)
  if (also !== undefined) return invalid(name, shown, `Value must be between ${min} and ${max} or equal to ${also}`)
  return invalid(name, shown, below ? `Value must be at least ${min}` : `Value must be no more than ${max}`)
}

function notOneOf({ constraints }: Setting, name: string, value: string): KafkaError | null {
  const { oneOf, ignoreCase } = constraints
  if (oneOf === undefined) return null
  const same = (one: string): boolean => (ignoreCase ? one.toUpperCase() === value.toUpperCase() : one === value)
  const words = ignoreCase ? 'String must be one of (case insensitive)' : 'String must be one of'
  return oneOf.some(same) ? null : invalid(name, value, `${words}: ${oneOf.join(', ')}`)
}

function brokenList(setting: Setting, name: string, elements: readonly string[]): KafkaError | null {
  const { notEmpty, anyElements, oneOf } = setting.constraints
  if (anyElements) return null
  const wrong = (words: string): KafkaError => new KafkaError('INVALID_CONFIG', `Configuration '${name}' ${words}`)
  if (notEmpty && elements.length === 0) {
    return wrong(`must not be empty. Valid values include: ${oneOf ? `[${oneOf.join(', ')}]` : 'any non-empty value'}`)
  }
  if (new Set(elements).size !== elements.length) return wrong('values must not be duplicated.')
  for (const element of elements) {
    const reason = element === '' ? wrong('values must not be empty.') : notOneOf(setting, name, element)
    if (reason !== null) return reason
  }
  return null
}
