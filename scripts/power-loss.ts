import { parseArgs } from 'node:util'
import { losePower } from '../src/testing/power-loss/power-loss.ts'

/*
 * Simulated losses of power: runs are recorded, and cut in many places.
 *
 *     make power-loss CUTS=10000 SEED=1        # runs from the seed 1 on, 200 cuts each
 *     make power-loss SEED=7 CUT=12345         # one cut, with what happened in its run
 */

const cutsOfRun = 200
const { values } = parseArgs({
  options: { seed: { type: 'string' }, cuts: { type: 'string' }, cut: { type: 'string' }, duration: { type: 'string' } },
})
const first = Number(values.seed || 1)
const wanted = Number(values.cuts || cutsOfRun)
const durationMs = Number(values.duration || 6000)
const startMs = performance.now()
const totals = { runs: 0, cuts: 0, operations: 0, losses: 0, promises: 0 }
const violations: string[] = []
for (let seed = first; totals.cuts < wanted; seed += 1) {
  const cuts = Math.min(cutsOfRun, wanted - totals.cuts)
  const one = values.cut ? { only: Number(values.cut), listen: (line: string) => console.log(line) } : {}
  const report = await losePower({ seed, cuts, durationMs, ...one })
  totals.runs += 1
  totals.cuts += Math.max(1, report.cuts)
  totals.operations += report.operations
  totals.losses += report.losses
  totals.promises += report.promises
  violations.push(...report.violations)
  for (const violation of report.violations.slice(0, 5)) console.log(violation)
  const seconds = Math.round((performance.now() - startMs) / 1000)
  console.log(
    `seed ${seed}: ${report.cuts} cuts of ${report.operations} operations, ${report.violations.length} violations, ${seconds} s`,
  )
  if (values.cut) break
}
console.log(JSON.stringify({ seeds: `${first} to ${first + totals.runs - 1}`, ...totals, violations: violations.length }))
process.exitCode = violations.length > 0 ? 1 : 0
