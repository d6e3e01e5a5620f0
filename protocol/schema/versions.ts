/** A stretch of API versions, both ends included. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** The largest version that the wire can name (an int16). */
export const VERSION_MAX = 32767

/** Reads Kafka's notation: `3`, `0-12`, `4+`. */
export function versionRange(text: string): VersionRange {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) throw new RangeError(`"${text}" is no version range: write 3, 0-12 or 4+.`)
  const min = Number(match[1])
  const max = match[2] === '+' ? VERSION_MAX : match[3] === undefined ? min : Number(match[3])
  if (min > max) throw new RangeError(`The version range "${text}" ends before it begins.`)
  return { min, max }
}

export const includes = (range: VersionRange, version: number): boolean => range.min <= version && version <= range.max

export const intersection = (a: VersionRange, b: VersionRange): VersionRange => ({
  min: Math.max(a.min, b.min),
  max: Math.min(a.max, b.max),
})
