import { join } from 'node:path'
import { cacheFolder } from '../../../compat-tests/folders.ts'
import { runProgram } from '../run-program.ts'

export interface OpenLoopOptions {
  readonly rate: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly recordBytes: number
  readonly acks: '0' | '1' | 'all'
}

/** In milliseconds, each counted from when the record was meant to be sent. */
export interface Latencies {
  readonly average: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface OpenLoopResult {
  /** Until franz-go was given the record: how well the driver kept to its plan. */
  readonly late: Latencies
  readonly acknowledged: Latencies
  readonly read: Latencies
}

/** franz-go at a fixed rate into a topic that is there, and another client of its reading in the same process, by the same clock. */
export async function runOpenLoop(address: string, topic: string, options: OpenLoopOptions): Promise<OpenLoopResult> {
  const limitMs = (options.seconds + options.warmUpSeconds + 40) * 1000
  const command = JSON.stringify({ command: 'openLoop', topic, ...options })
  const printed = await runProgram(join(cacheFolder, 'franz-go', 'driver'), [address], limitMs, `${command}\n`)
  return parseOpenLoop(printed)
}

export function parseOpenLoop(printed: string): OpenLoopResult {
  const answer = JSON.parse(printed) as { readonly result?: OpenLoopResult; readonly error?: string }
  if (answer.error !== undefined || !answer.result) throw new Error(`franz-go’s driver: ${answer.error}`)
  return answer.result
}
