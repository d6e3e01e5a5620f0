/**
 * Reads a file as `java.util.Properties` does: comments begin with # or !, a backslash at the end continues a line, a key
 * ends at the first =, : or white space that no backslash precedes. The last value of a key wins.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const [key, value] = keyAndValue(line)
    properties.set(key, value)
  }
  return properties
}

/** Bytes of a properties file as text: UTF-8 where they are that, else ISO-8859-1, which Java reads. */
export function decodeProperties(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  }
}

function* logicalLines(text: string): Generator<string> {
  let continued: string | null = null
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (continued === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const backslashes = /\\*$/.exec(line)![0].length
    const whole: string = (continued ?? '') + (backslashes % 2 === 1 ? line.slice(0, -1) : line)
    continued = backslashes % 2 === 1 ? whole : null
    if (continued === null && whole !== '') yield whole
  }
  if (continued !== null) yield continued
}

function keyAndValue(line: string): [string, string] {
  const key = /^(?:\\[\s\S]|[^\\=: \t\f])*/.exec(line)![0]
  const value = line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
  return [unescaped(key), unescaped(value)]
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|([\s\S])?)/g, (_, hex?: string, letter = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (letter === 'u') throw new SyntaxError('Malformed \\uxxxx encoding.')
    return escapes[letter] ?? letter
  })
}
