import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const ENTRY_BYTES = 46
const LOCAL_HEADER_BYTES = 30

/** The files of a zip archive (a jar) whose names fit, as text. No zip64, no encryption. */
export function readZip(path: string, names: RegExp): Map<string, string> {
  const archive = readFileSync(path)
  let end = archive.length - 22
  while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end--
  if (end < 0) throw new Error(`${path} is no zip archive`)
  const files = new Map<string, string>()
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes)
    if (names.test(name)) files.set(name, contentOf(archive, at))
    at += ENTRY_BYTES + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}

function contentOf(archive: Buffer, entry: number): string {
  const method = archive.readUInt16LE(entry + 10)
  const header = archive.readUInt32LE(entry + 42)
  const start = header + LOCAL_HEADER_BYTES + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
  const content = archive.subarray(start, start + archive.readUInt32LE(entry + 20))
  return (method === 0 ? content : inflateRawSync(content)).toString('utf8')
}
