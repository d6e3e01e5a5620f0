import { readFileSync } from 'node:fs'
import { StartError } from '../broker.ts'
import { environmentSource, type SettingsSource, settingsSource } from '../config/resolve-config.ts'
import { decodeProperties, parseProperties } from '../config/server-properties.ts'
import { UsageError } from './usage-error.ts'

/** The flags of `grete start`. */
export interface StartFlags {
  readonly properties: string | undefined
  readonly host: string | undefined
  readonly port: number | undefined
  readonly dataDir: string | undefined
  readonly memory: boolean
  readonly nodeId: string | undefined
  readonly set: readonly string[]
  readonly topic: readonly string[]
  readonly logLevel: string | undefined
}

/** What the container image sets: its port can be reached from outside, and its data can be mounted. Anything else that is said wins. */
const imageSource = settingsSource({ listeners: 'PLAINTEXT://0.0.0.0:9092', 'log.dir': '/var/lib/grete' }, 'the image')

/** Whether this runs in the container image, which says so in its environment. */
export function inImage(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment['GRETE_IMAGE'] === '1'
}

/** Where settings come from, the first of which wins: flags, environment, file. */
export function startSources(
  flags: StartFlags,
  environment: Readonly<Record<string, string | undefined>>,
): readonly SettingsSource[] {
  return [
    flagSource(flags),
    environmentSource(environment),
    ...(flags.properties === undefined ? [] : [fileSource(flags.properties)]),
    ...(inImage(environment) ? [imageSource] : []),
  ]
}

function flagSource(flags: StartFlags): SettingsSource {
  const { host, port } = flags
  const settings = [
    ...flags.set.map(assignment),
    ...given('log.dirs', flags.dataDir, '--data-dir'),
    ...given('storage.type', flags.memory ? 'memory' : undefined, '--memory'),
    ...given('node.id', flags.nodeId, '--node-id'),
    ...given('topics', flags.topic.length === 0 ? undefined : flags.topic.join(','), '--topic'),
    ...given('log.level', flags.logLevel, '--log-level'),
  ]
  return { settings, listen: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) } }
}

const given = (name: string, value: string | undefined, from: string) => (value === undefined ? [] : [{ name, value, from }])

function assignment(text: string) {
  const equals = text.indexOf('=')
  if (equals <= 0) throw new UsageError(`--set ${text} is not of the form name=value.`)
  return { name: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim(), from: '--set' }
}

function fileSource(path: string): SettingsSource {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new StartError(code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${message}.`)
  }
  try {
    return settingsSource(parseProperties(decodeProperties(bytes)), path)
  } catch (error) {
    if (error instanceof SyntaxError) throw new StartError(`${path} is no properties file: ${error.message}`)
    throw error
  }
}
