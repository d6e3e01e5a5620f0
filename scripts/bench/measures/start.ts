import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { BrokerProcess } from '../../../compat-tests/broker-process.ts'
import { answersApiVersions } from '../../../compat-tests/probe.ts'
import type { BrokerChoice } from '../broker-choice.ts'
import { prepareBroker } from '../broker-under-bench.ts'
import { kcatRoundTrip } from '../clients/kcat.ts'
import type { Measure } from '../measure.ts'
import type { Measured, Measurement } from '../measurement.ts'
import { readUsage } from '../process-usage.ts'

/** How long a broker is left alone before what it holds at rest is read. */
export const restMs = 3_000

/** From the process's start to the first record produced and consumed by kcat, and what it holds then at rest. */
export const start: Measure = {
  name: 'start',
  doc: 'from the start of the process to the first record through kcat; memory and processor at rest',
  byDefault: true,
  trials: () => [{ title: 'start', on: 'started', run: measureStart }],
}

async function measureStart(choice: BrokerChoice): Promise<Measured> {
  await using broker = await prepareBroker(choice)
  const started = await timeStart(broker)
  await wait(restMs)
  const before = readUsage(broker.pid!)
  await wait(restMs)
  const after = readUsage(broker.pid!)
  const cpuMs = Math.round((after.userSeconds + after.systemSeconds - before.userSeconds - before.systemSeconds) * 1000)
  return { start: { ...started, 'idle RSS MB': after.residentBytes / 1e6, 'idle CPU ms/s': cpuMs / (restMs / 1000) } }
}

/** What a broker of ten thousand partitions may take after a kill. */
const startLimitMs = 180_000

/** A broker may answer, and not know yet what its controller has made: a client then fails, and is started again, as its user would. */
async function firstRecord({ address }: BrokerProcess, limit: number): Promise<void> {
  const topic = `first-${randomUUID()}`
  for (;;) {
    try {
      return await kcatRoundTrip(address, topic)
    } catch (error) {
      if (performance.now() > limit) throw error
    }
  }
}

/** Starts a prepared broker, and times until it answers and until a record has gone through it. */
export async function timeStart(broker: BrokerProcess): Promise<Measurement> {
  const began = performance.now()
  const child = broker.spawn()
  while (!(await answersApiVersions('127.0.0.1', broker.port, 500))) {
    if (child.exitCode !== null) throw new Error(`${broker.command} ended with ${child.exitCode}: ${broker.output.slice(-2000)}`)
    if (performance.now() - began > startLimitMs)
      throw new Error(`${broker.command} does not answer: ${broker.output.slice(-2000)}`)
    await wait(2)
  }
  const ready = performance.now() - began
  await firstRecord(broker, began + startLimitMs)
  const first = performance.now() - began
  const usage = readUsage(broker.pid!)
  return { 'ready ms': ready, 'first record ms': first, 'CPU s': usage.userSeconds + usage.systemSeconds }
}
