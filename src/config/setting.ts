/** Kafka's types of settings (`ConfigDef.Type`). */
export type SettingType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password'
export type SettingValue = boolean | number | string | readonly string[] | null
/** How a broker setting may change while the broker runs: not at all, per node, or for all nodes too. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'
export type Importance = 'high' | 'medium' | 'low'
/** `accepted`: known, and without meaning here. `refused`: values other than those that ask for nothing stop the start. */
export type SettingStatus = 'used' | 'accepted' | 'refused'
/** Says in one sentence why a value cannot be served yet, or null if it asks for nothing. */
export type Refusal = (value: SettingValue, name: string) => string | null

/** What a value must be, besides being of its type. */
export interface Constraints {
  readonly min?: number
  readonly max?: number
  /** One more number that is legal, outside the range. */
  readonly also?: number
  /** The only strings; of a list, the only elements. */
  readonly oneOf?: readonly string[]
  readonly ignoreCase?: boolean
  /** An empty string or list is refused. */
  readonly notEmpty?: boolean
  /** The elements of a list are not looked at here: they may repeat or be empty. */
  readonly anyElements?: boolean
  /** A rule of this setting alone: what it accepts, and what is wrong with a value, or null. */
  readonly rule?: { readonly accepts: string; readonly check: (value: SettingValue, name: string) => string | null }
}

interface Options extends Constraints {
  readonly importance?: Importance
  readonly internal?: boolean
  readonly update?: UpdateMode
  readonly refuse?: Refusal
}

/** One row: all that is known of a setting. `V` is the type of its value. */
export interface Setting<V extends SettingValue = SettingValue> {
  readonly type: SettingType
  readonly status: SettingStatus
  readonly defaultValue: V
  /** As Kafka writes it: exact where a long does not fit a number. */
  readonly defaultText: string | null
  /** One sentence, units included. */
  readonly doc: string
  readonly constraints: Constraints
  readonly importance: Importance
  /** Shown by DescribeConfigs only if it is set. */
  readonly internal: boolean
  readonly update: UpdateMode
  readonly refuse: Refusal | null
}

const ofType =
  <V extends SettingValue | bigint>(type: SettingType, status: SettingStatus) =>
  <D extends V | null>(defaultValue: D, doc: string, options: Options = {}): Setting<Exclude<V, bigint> | (D & null)> => {
    const { importance = 'medium', internal = false, update = 'read-only', refuse = null, ...constraints } = options
    return {
      type,
      status,
      defaultValue: (typeof defaultValue === 'bigint' ? Number(defaultValue) : defaultValue) as Exclude<V, bigint> | (D & null),
      defaultText: defaultValue === null ? null : formatValue(type, defaultValue),
      doc,
      constraints,
      importance,
      internal,
      update,
      refuse,
    }
  }

const notation = (status: SettingStatus) => ({
  boolean: ofType<boolean>('boolean', status),
  string: ofType<string>('string', status),
  int: ofType<number>('int', status),
  short: ofType<number>('short', status),
  long: ofType<number | bigint>('long', status),
  double: ofType<number>('double', status),
  list: ofType<readonly string[]>('list', status),
  class: ofType<string>('class', status),
  password: ofType<string>('password', status),
})

/** The notation of a row: `used.int(1, 'What it is.', { min: 1 })`. */
export const used = notation('used')
export const accepted = notation('accepted')
export const refused = notation('refused')

/** `Long.MAX_VALUE`, Kafka's "never" and "no limit": as a number it is larger than any duration or size. */
export const longMax = 9223372036854775807n

/** A value as Kafka writes it. */
export function formatValue(type: SettingType, value: SettingValue | bigint): string {
  if (type === 'double' && typeof value === 'number') return formatDouble(value)
  return Array.isArray(value) ? value.join(',') : String(value)
}

/** `Double.toString` of Java, which DescribeConfigs shows: 1.0, 0.5, 1.0E7, 1.7976931348623157E308. */
function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e')
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** What a setting accepts, in the short form of Kafka's documentation. */
export function validValues({ type, constraints }: Setting): string {
  const { min, max, also, oneOf, ignoreCase, notEmpty, rule } = constraints
  if (rule !== undefined) return rule.accepts
  if (oneOf !== undefined) return `${ignoreCase ? '(case insensitive) ' : ''}[${oneOf.join(', ')}]`
  if (min !== undefined || max !== undefined) {
    const range = `[${[min, '...', max].filter((part) => part !== undefined).join(',')}]`
    return also === undefined ? range : `${range} or ${also}`
  }
  return notEmpty && type === 'string' ? 'non-empty string' : ''
}
