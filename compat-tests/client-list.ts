import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import * as zlib from 'node:zlib'
import { cacheFolder, testsFolder } from './folders.ts'

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Client {
  readonly name: string
  /** Starts its driver; the broker's address follows. */
  readonly command: readonly string[]
  /** The codecs in which it must be able to write and read. */
  readonly codecs: readonly Codec[]
  /** What its toolchain lacks on this machine. */
  readonly missing: string | undefined
}

interface ClientRow {
  readonly name: string
  readonly command: readonly string[]
  readonly needs?: readonly string[]
  readonly codecs: readonly Codec[]
}

/**
 * With NODE_ALONE=1 the client kafkajs runs on this Node and on the project's own dependencies, so that it needs no
 * set-up; Node has zstd from 22.15 on.
 */
const nodeAlone = process.env['NODE_ALONE'] === '1'

function isExecutable(file: string): boolean {
  const candidates = isAbsolute(file) ? [file] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, file))
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function toClient(row: ClientRow): Client {
  const fill = (text: string): string =>
    text.replaceAll('{cache}', cacheFolder).replaceAll('{tests}', testsFolder).replaceAll('{node}', process.execPath)
  const command = row.command.map(fill)
  const alone = nodeAlone && row.name === 'kafkajs'
  if (alone) command[0] = process.execPath
  const codecs = alone && !('zstdCompressSync' in zlib) ? row.codecs.filter((codec) => codec !== 'zstd') : row.codecs
  const program = command[0]!
  const missing = isExecutable(program) ? (row.needs ?? []).map(fill).find((path) => !existsSync(path)) : program
  return { name: row.name, command, codecs, missing }
}

/** Every client that must run, from clients.json. */
export function readClients(): Client[] {
  const list = JSON.parse(readFileSync(join(testsFolder, 'clients.json'), 'utf8')) as { clients: ClientRow[] }
  return list.clients.map(toClient)
}

export function findClient(name: string): Client {
  const client = readClients().find((candidate) => candidate.name === name)
  if (!client) throw new Error(`clients.json does not list ${name}`)
  return client
}
