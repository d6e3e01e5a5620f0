const TEXT_MAX = 200
const ELEMENTS_MAX = 20

/** A message as a log line can hold it: payloads by their size, long texts and lists cut. */
export function shorten(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string')
    return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}… (${value.length} characters)` : value
  if (typeof value !== 'object' || value === null) return value
  if (Buffer.isBuffer(value))
    return value.length > 16 ? `${value.toString('hex', 0, 16)}… (${value.length} bytes)` : value.toString('hex')
  if ('sizeBytes' in value) return `${String(value.sizeBytes)} bytes of records`
  if (Array.isArray(value)) {
    const shown = value.slice(0, ELEMENTS_MAX).map(shorten)
    return value.length > ELEMENTS_MAX ? [...shown, `… (${value.length} elements)`] : shown
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner)]))
}
