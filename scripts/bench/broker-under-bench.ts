import { BrokerProcess, defaultBrokerCommand } from '../../compat-tests/broker-process.ts'
import { testsFolder } from '../../compat-tests/folders.ts'

/** A broker that is measured: one that we start by a command, or one that runs somewhere already. */
export interface BrokerUnderBench {
  readonly name: string
  /** Says which broker it is, for whoever reads the numbers. */
  readonly description: string
  readonly address: string
  /** Its process, if it is known: only then its processor time and memory can be told. */
  readonly pid: number | undefined
  stop(): Promise<void>
}

const presets: Record<string, string> = {
  grete: defaultBrokerCommand,
  'grete-memory': `${defaultBrokerCommand} --memory`,
  kafka: `${testsFolder}/kafka-reference/broker.sh`,
}

export interface BrokerChoice {
  readonly name: string
  readonly command?: string
  readonly address?: string
  readonly pid?: number
}

/** Reads `grete`, `kafka`, `NAME=COMMAND`, `HOST:PORT` or `HOST:PORT@PID`. */
export function parseBroker(text: string): BrokerChoice {
  const preset = presets[text]
  if (preset) return { name: text, command: preset }
  const attached = text.match(/^([^=\s]+:\d+)(?:@(\d+))?$/)
  if (attached) return { name: attached[1]!, address: attached[1]!, ...(attached[2] ? { pid: Number(attached[2]) } : {}) }
  const named = text.match(/^([^=\s]+)=(.+)$/)
  if (named) return { name: named[1]!, command: named[2]! }
  throw new Error(`--broker ${text}: neither one of ${Object.keys(presets).join(', ')}, nor NAME=COMMAND, nor HOST:PORT[@PID]`)
}

/** One partition a topic, and no limit on what a log keeps, so that what was produced can be read back. */
const properties = { 'num.partitions': '1', 'log.retention.bytes': '-1' }

export function prepareBroker(command: string, more: Readonly<Record<string, string>> = {}): Promise<BrokerProcess> {
  return BrokerProcess.prepare({ command, properties: { ...properties, ...more } })
}

export async function startBroker({ name, command, address, pid }: BrokerChoice): Promise<BrokerUnderBench> {
  if (!command) return { name, description: `running at ${address}`, address: address!, pid, stop: async () => {} }
  const broker = await BrokerProcess.start({ command, properties })
  return { name, description: command, address: broker.address, pid: broker.pid, stop: () => broker.stop() }
}
