import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultBrokerCommand } from '../../compat-tests/broker-process.ts'
import { testsFolder } from '../../compat-tests/folders.ts'

/** A broker that shall be measured: by the command that starts it, or by where it runs already. */
export interface BrokerChoice {
  /** As it was asked for, settings included: a name that no other choice of the run has. */
  readonly name: string
  readonly command?: string
  /** Lines of its server.properties beside those that every broker gets. */
  readonly properties: Readonly<Record<string, string>>
  readonly address?: string
  readonly pid?: number
  /** The checkout from which it is taken, where it is a Grete of another one. */
  readonly checkout?: string
}

const presets: Readonly<Record<string, string>> = {
  grete: defaultBrokerCommand,
  'grete-memory': `${defaultBrokerCommand} --memory`,
  kafka: `${testsFolder}/kafka-reference/broker.sh`,
}

const builtCommand = join('dist', 'grete.js')

/** Reads `grete`, `kafka`, `NAME=CHECKOUT`, `NAME=COMMAND`, each with `?SETTING=VALUE?…` if wanted; `HOST:PORT` or `HOST:PORT@PID`. */
export function parseBroker(text: string): BrokerChoice {
  const attached = text.match(/^([^=\s]+:\d+)(?:@(\d+))?$/)
  if (attached) {
    const [, address = '', pid] = attached
    return { name: address, properties: {}, address, ...(pid ? { pid: Number(pid) } : {}) }
  }
  const [, broker = '', settings = ''] = text.match(/^(.*?)(?:\?([\w.-]+=.*))?$/)!
  const properties = Object.fromEntries(settings === '' ? [] : settings.split('?').map(parseSetting))
  const preset = presets[broker]
  if (preset) return { name: text, command: preset, properties }
  const [, name, value] = broker.match(/^([^=\s]+)=(.+)$/) ?? []
  if (!name || !value) {
    throw new Error(`--broker ${text}: neither one of ${Object.keys(presets).join(', ')}, nor NAME=COMMAND, nor HOST:PORT[@PID]`)
  }
  const named = settings === '' ? name : `${name}?${settings}`
  const checkout = resolve(value)
  if (!existsSync(join(checkout, builtCommand))) return { name: named, command: value, properties }
  return { name: named, command: `node ${join(checkout, builtCommand)} start`, properties, checkout }
}

function parseSetting(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`--broker …?${text}: not SETTING=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** What an acknowledged record, acks=all, has been through: figures of a broker that syncs and of one that does not are not alike. */
export function durabilityOf({ command, properties, name }: BrokerChoice): string {
  if (command === undefined) return 'not known'
  if (/broker\.sh$/.test(command) || name.startsWith('kafka')) {
    return properties['log.flush.interval.messages'] === '1' ? 'synced to disk' : 'in the page cache, synced later'
  }
  if (command.includes('--memory') || properties['storage.type'] === 'memory') return 'in memory'
  if (!/grete/.test(command)) return 'not known'
  return properties['durability'] === 'page-cache' ? 'in the page cache, synced later' : 'synced to disk'
}
