import { randomBytes, randomInt } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../compat-tests/folders.ts'

/** `random` compresses to three quarters at best; `json` looks like what applications write, and compresses to about a third. */
export type LineKind = 'random' | 'json'

const bytesPerBlock = 10_000_000

/** A file of that many lines of so many bytes each, ends not counted, made once: what kcat and Java's tools make records of. */
export function ensureLineFile(lineCount: number, lineBytes: number, kind: LineKind = 'random'): string {
  const folder = join(cacheFolder, 'bench')
  const file = join(folder, `${kind}-lines-${lineBytes}-${lineCount}.txt`)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const unfinished = `${file}.${process.pid}`
  const output = openSync(unfinished, 'w')
  const linesPerBlock = Math.max(1, Math.floor(bytesPerBlock / lineBytes))
  for (let written = 0; written < lineCount; written += linesPerBlock) {
    const lines = Array.from({ length: Math.min(linesPerBlock, lineCount - written) }, () =>
      kind === 'random' ? randomLine(lineBytes) : jsonLine(lineBytes),
    )
    writeSync(output, `${lines.join('\n')}\n`)
  }
  closeSync(output)
  renameSync(unfinished, file)
  return file
}

function randomLine(bytes: number): string {
  return randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes)
}

const states = ['received', 'paid', 'packed', 'shipped', 'delivered', 'returned']

/** Orders in JSON, cut at the length that is wanted. */
function jsonLine(bytes: number): string {
  let line = ''
  while (line.length < bytes) {
    const order = {
      orderId: randomBytes(8).toString('hex'),
      customerId: randomInt(1e9),
      state: states[randomInt(states.length)],
      amount: randomInt(1e6) / 100,
      currency: 'EUR',
      placedAt: 1.7e12 + randomInt(1e9),
    }
    line += `${JSON.stringify(order)},`
  }
  return line.slice(0, bytes)
}
