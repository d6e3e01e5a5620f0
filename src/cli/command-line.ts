import { parseArgs } from 'node:util'
import { closestName } from '../config/closest-name.ts'
import { optionNames, options } from './options.ts'
import type { StartFlags } from './start-options.ts'
import { UsageError } from './usage-error.ts'

/** What a command line asks for. */
export type CommandLine =
  | { readonly command: 'help' }
  | { readonly command: 'version' }
  | { readonly command: 'start'; readonly flags: StartFlags }
  | { readonly command: 'print-config'; readonly flags: StartFlags }

const commands: readonly string[] = ['start', 'help', 'version']

/**
 * Reads a command line. Node's parser splits the words and judges nothing: what is wrong is said here, in a sentence that names what was
 * meant. (A library for this would be a third of what a start has to load.)
 */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true })
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const value = checkedValue(token.name, token.rawName, token.value, token.inlineValue === true)
    values.set(token.name, [...(values.get(token.name) ?? []), value])
  }
  const [command = 'start', ...rest] = positionals
  if (values.has('help') || command === 'help') return { command: 'help' }
  if (values.has('version') || command === 'version') return { command: 'version' }
  if (command !== 'start') throw new UsageError(unknownCommand(command))
  if (rest.length > 1) throw new UsageError(`grete start takes one settings file, not ${rest.length}: ${rest.join(', ')}.`)
  const flags = startFlags(values, rest[0])
  return { command: values.has('print-config') ? 'print-config' : 'start', flags }
}

function checkedValue(name: string, rawName: string, value: string | undefined, inline: boolean): string {
  const option = Object.hasOwn(options, name) ? options[name as keyof typeof options] : undefined
  if (option === undefined) {
    const meant = closestName(name, optionNames)
    throw new UsageError(`There is no option ${rawName}${meant === null ? '.' : `: did you mean --${meant}?`}`)
  }
  if (option.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value, but was given ${value}.`)
    return 'true'
  }
  if (value === undefined || (!inline && value.startsWith('--'))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}.`)
  }
  return value
}

function unknownCommand(command: string): string {
  const meant = closestName(command, commands)
  if (meant !== null) return `There is no command ${command}: did you mean ${meant}?`
  return `There is no command ${command}. To start with a settings file: grete start ${command}.`
}

function startFlags(values: ReadonlyMap<string, readonly string[]>, properties: string | undefined): StartFlags {
  const last = (name: keyof typeof options): string | undefined => values.get(name)?.at(-1)
  const port = last('port')
  return {
    properties,
    host: last('host'),
    port: port === undefined ? undefined : portOf(port),
    dataDir: last('data-dir'),
    memory: values.has('memory'),
    nodeId: last('node-id'),
    set: values.get('set') ?? [],
    topic: values.get('topic') ?? [],
    logLevel: last('log-level'),
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new UsageError(`--port ${text} is no port: give a number from 0 to 65535.`)
  return port
}
