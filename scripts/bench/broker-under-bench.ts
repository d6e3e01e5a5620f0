import { setTimeout as wait } from 'node:timers/promises'
import { BrokerProcess } from '../../compat-tests/broker-process.ts'
import type { BrokerChoice } from './broker-choice.ts'

/** A broker that runs and is measured. */
export interface BrokerUnderBench {
  readonly name: string
  readonly address: string
  /** Its process, if it is known: only then its processor time and memory can be told. */
  readonly pid: number | undefined
  /** Where its data lies, if that is known. */
  readonly dataFolder: string | undefined
  stop(): Promise<void>
}

/**
 * What every broker gets: one partition a topic, no limit on what a log keeps, so that what was produced can be read back, and files of deleted
 * topics gone at once, so that the one's deletions do not fall into the other's turn.
 */
export const commonProperties = { 'num.partitions': '1', 'log.retention.bytes': '-1', 'log.segment.delete.delay.ms': '100' }

const prepared = new Set<BrokerProcess>()

/** Makes its folder and properties; `folder/data` is its data. */
export async function prepareBroker(choice: BrokerChoice, more: Readonly<Record<string, string>> = {}): Promise<BrokerProcess> {
  if (!choice.command) throw new Error(`${choice.name} runs already: it cannot be started`)
  const all = { ...commonProperties, ...more, ...choice.properties }
  const broker = await BrokerProcess.prepare({ command: choice.command, properties: all })
  prepared.add(broker)
  return broker
}

/** Where the run is broken off, no broker stays behind, and none of its gigabytes. */
export async function stopAllBrokers(): Promise<void> {
  for (const broker of prepared) await broker.end('SIGKILL')
  await Promise.all([...prepared].map(removeFolder))
}

/** Who sent the signal may have sent it to the broker too, and it may still be writing where we remove. */
async function removeFolder(broker: BrokerProcess): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await broker.stop()
    } catch {
      await wait(500)
    }
  }
}

export async function startBroker(choice: BrokerChoice): Promise<BrokerUnderBench> {
  const { name, command, address, pid } = choice
  if (!command) return { name, address: address!, pid, dataFolder: undefined, stop: async () => {} }
  const broker = await prepareBroker(choice)
  await broker.start()
  return underBench(name, broker)
}

export function underBench(name: string, broker: BrokerProcess): BrokerUnderBench {
  return {
    name,
    address: broker.address,
    pid: broker.pid,
    dataFolder: `${broker.folder}/data`,
    stop: () => broker.stop(),
  }
}
