import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { Simulation, type SimulationReport } from '../src/testing/simulation/simulation.ts'

/*
 * Runs the simulation: one seed with its whole trace, or many, a thread for each processor.
 *
 *     make simulate SEED=7 HOURS=1
 *     make simulate SEEDS=1000 HOURS=1
 */

interface Asked {
  readonly seed: number
  readonly hours: number
}

type Done = Pick<SimulationReport, 'seed' | 'violations' | 'counts'>

async function one(seed: number, hours: number): Promise<number> {
  const { violations, digest, counts } = await new Simulation({ seed, hours, listen: (line) => console.log(line) }).run()
  for (const { invariant, atMs, what } of violations) console.log(`VIOLATION of ${invariant} at ${atMs} ms: ${what}`)
  console.log(JSON.stringify({ seed, hours, digest, ...counts }))
  return violations.length
}

async function many(first: number, seeds: number, hours: number): Promise<number> {
  const startMs = performance.now()
  const totals: Record<string, number> = {}
  const failed: number[] = []
  let next = first
  let done = 0
  const hear = ({ seed, violations, counts }: Done): void => {
    done += 1
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count
    if (violations.length > 0) failed.push(seed)
    for (const { invariant, atMs, what } of violations.slice(0, 3)) {
      console.log(`seed ${seed}: ${invariant} at ${atMs} ms: ${what}`)
    }
    if (done % 100 === 0) console.log(`${done} of ${seeds} seeds, ${secondsSince(startMs)} s`)
  }
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url))
      const ask = (): void => {
        if (next < first + seeds) worker.postMessage({ seed: next++, hours } satisfies Asked)
        else void worker.terminate().then(() => resolve())
      }
      worker.on('message', (report: Done) => {
        hear(report)
        ask()
      })
      worker.on('error', reject)
      ask()
    })
  await Promise.all(Array.from({ length: Math.min(seeds, availableParallelism()) }, work))
  const threads = Math.min(seeds, availableParallelism())
  console.log(
    `${seeds} seeds from ${first} on, ${hours} simulated hours each, in ${secondsSince(startMs)} s on ${threads} threads.`,
  )
  console.log(
    Object.entries(totals)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  console.log(failed.length === 0 ? 'No violation.' : `Violations in the seeds ${failed.sort((a, b) => a - b).join(', ')}.`)
  return failed.length
}

const secondsSince = (startMs: number): number => Math.round((performance.now() - startMs) / 1000)

if (isMainThread) {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, seeds: { type: 'string' }, first: { type: 'string' }, hours: { type: 'string' } },
  })
  const hours = Number(values.hours || 1)
  const failures = values.seeds
    ? await many(Number(values.first || 1), Number(values.seeds), hours)
    : await one(Number(values.seed || 1), hours)
  process.exitCode = failures > 0 ? 1 : 0
} else {
  parentPort?.on('message', async ({ seed, hours }: Asked) => {
    const { violations, counts } = await new Simulation({ seed, hours }).run()
    parentPort?.postMessage({ seed, violations, counts } satisfies Done)
  })
}
