import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../compat-tests/folders.ts'

/** Bytes of a line without its end: what kcat makes a record's value of. */
export const lineBytes = 1000

const linesPerBlock = 10_000

/** A file of that many lines, made once: text that does not compress to nothing, and no two neighbours alike. */
export function ensureLineFile(lineCount: number): string {
  const folder = join(cacheFolder, 'bench')
  const file = join(folder, `lines-${lineCount}.txt`)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const unfinished = `${file}.${process.pid}`
  const output = openSync(unfinished, 'w')
  for (let written = 0; written < lineCount; written += linesPerBlock) {
    const lines = Array.from({ length: Math.min(linesPerBlock, lineCount - written) }, () =>
      randomBytes((lineBytes * 3) / 4)
        .toString('base64')
        .slice(0, lineBytes),
    )
    writeSync(output, `${lines.join('\n')}\n`)
  }
  closeSync(output)
  renameSync(unfinished, file)
  return file
}
