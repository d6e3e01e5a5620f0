const version = '0'

/** Kafka's checkpoint files: a version, the number of entries, one entry a line. */
export function encodeCheckpoint(entries: readonly string[]): Buffer {
  return Buffer.from(`${[version, entries.length, ...entries].join('\n')}\n`)
}

/** The entries, each split at its blanks; null if the bytes are no such file, or one that was cut off. Kafka makes them empty. */
export function decodeCheckpoint(bytes: Buffer): readonly (readonly string[])[] | null {
  if (bytes.length === 0) return []
  const lines = bytes.toString('utf8').split(/\r?\n/)
  const [foundVersion, count, ...entries] = lines.filter((line) => line !== '')
  if (foundVersion !== version || count !== String(entries.length)) return null
  return entries.map((entry) => entry.trim().split(/\s+/))
}

const decimal = /^-?\d{1,19}$/

/** An offset or an epoch of a checkpoint; null where none stands. */
export function parseCheckpointNumber(text: string | undefined): bigint | null {
  return text !== undefined && decimal.test(text) ? BigInt(text) : null
}
