import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { losePower, type PowerLossReport } from '../src/testing/power-loss/power-loss.ts'

/*
 * Loses power in recorded runs of a broker, each from a seed of its own, and starts a broker on what is left.
 *
 *     make power-loss CUTS=10000 SEED=1       # runs from the seed 1 on, cut in 200 places each, a thread for each processor
 *     make power-loss SEED=7 CUT=12345        # one cut, and what happened in its run
 */

interface Asked {
  readonly seed: number
  readonly cuts: number
  readonly durationMs: number
}

const cutsOfRun = 200
const shownMax = 5

async function one(seed: number, cut: number, durationMs: number): Promise<number> {
  const { violations } = await losePower({ seed, cuts: 1, only: cut, durationMs, listen: (line) => console.log(line) })
  for (const violation of violations) console.log(violation)
  console.log(violations.length === 0 ? 'No violation.' : `${violations.length} violations.`)
  return violations.length
}

async function many(first: number, cuts: number, durationMs: number): Promise<number> {
  const startMs = performance.now()
  const totals = { runs: 0, cuts: 0, operations: 0, losses: 0, promises: 0, violations: 0 }
  const asked: Asked[] = []
  for (let left = cuts, seed = first; left > 0; left -= cutsOfRun, seed += 1) {
    asked.push({ seed, cuts: Math.min(left, cutsOfRun), durationMs })
  }
  const threads = Math.min(asked.length, availableParallelism())
  const lastSeed = first + asked.length - 1
  const hear = ({ seed, violations, operations, losses, cuts: made, promises }: PowerLossReport): void => {
    totals.runs += 1
    totals.cuts += made
    totals.operations += operations
    totals.losses += losses
    totals.promises += promises
    totals.violations += violations.length
    for (const violation of violations.slice(0, shownMax)) console.log(violation)
    console.log(`seed ${seed}: ${made} cuts in ${operations} operations, ${violations.length} violations, ${since(startMs)} s`)
  }
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url))
      const ask = (): void => {
        const next = asked.shift()
        if (next === undefined) void worker.terminate().then(() => resolve())
        else worker.postMessage(next)
      }
      worker.on('message', (report: PowerLossReport) => {
        hear(report)
        ask()
      })
      worker.on('error', reject)
      ask()
    })
  await Promise.all(Array.from({ length: threads }, work))
  console.log(`The seeds ${first} to ${lastSeed}, ${durationMs} ms each, in ${since(startMs)} s on ${threads} threads:`)
  console.log(
    Object.entries(totals)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  return totals.violations
}

const since = (startMs: number): number => Math.round((performance.now() - startMs) / 1000)

if (isMainThread) {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, cuts: { type: 'string' }, cut: { type: 'string' }, duration: { type: 'string' } },
  })
  const seed = Number(values.seed || 1)
  const durationMs = Number(values.duration || 3000)
  const violations = values.cut
    ? await one(seed, Number(values.cut), durationMs)
    : await many(seed, Number(values.cuts || cutsOfRun), durationMs)
  process.exitCode = violations > 0 ? 1 : 0
} else {
  parentPort?.on('message', async ({ seed, cuts, durationMs }: Asked) => {
    parentPort?.postMessage((await losePower({ seed, cuts, durationMs })) satisfies PowerLossReport)
  })
}
