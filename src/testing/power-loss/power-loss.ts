import { Dice } from '../simulation/dice.ts'
import { DiskRemains } from './disk-remains.ts'
import type { PromisedState } from './promised-state.ts'
import { RecordedDisk, type SkipsSync } from './recorded-disk.ts'
import { type DiskLife, RecordingRun } from './recording-run.ts'
import { StartCheck } from './start-check.ts'

export interface PowerLossOptions {
  readonly seed: number
  /** In how many places the history of the run is cut. */
  readonly cuts: number
  /** Of the run; default 3000. */
  readonly durationMs?: number
  /** Only the cut at this operation, as a violation names it. */
  readonly only?: number
  /** Leaves out syncs on purpose. */
  readonly skips?: SkipsSync
  /** Ends with the first cut that finds something. */
  readonly untilFound?: boolean
  readonly listen?: (line: string) => void
}

export interface PowerLossReport {
  readonly seed: number
  readonly violations: readonly string[]
  readonly operations: number
  readonly losses: number
  readonly cuts: number
  readonly promises: number
}

/** One run, recorded; then the power goes at many moments of it, and each time a broker is started on what is left. */
export async function losePower(options: PowerLossOptions): Promise<PowerLossReport> {
  const { seed, durationMs = 3000, skips, listen } = options
  await import('../../coordinators/group/topic-regex.ts')
  const run = new RecordingRun({ seed, durationMs, ...(skips && { skips }), ...(listen && { listen }) })
  await run.run()
  const violations = run.violations.map((what) => `seed ${seed}, while it ran: ${what}`)
  const cuts = new Cuts(run, options, violations)
  if (violations.length === 0 || options.untilFound !== true) await cuts.check()
  return {
    seed,
    violations,
    operations: run.operationCount,
    losses: run.diskLives.length - 1,
    cuts: cuts.count,
    promises: cuts.promised,
  }
}

const soonOperations = 40

class Cuts {
  count = 0
  promised = 0
  readonly #run: RecordingRun
  readonly #options: PowerLossOptions
  readonly #violations: string[]
  readonly #stateAt: (at: number) => PromisedState

  constructor(run: RecordingRun, options: PowerLossOptions, violations: string[]) {
    this.#run = run
    this.#options = options
    this.#violations = violations
    this.#stateAt = run.promises.reader()
  }

  async check(): Promise<void> {
    for (const { life, cuts } of this.#choose()) {
      const remains = new DiskRemains(life.disk)
      for (const at of cuts) {
        remains.advanceTo(at - life.base)
        await this.#checkOne(remains, at)
        if (this.#options.untilFound === true && this.#violations.length > 0) return
      }
    }
  }

  /** Anywhere, by rising number; where syncs are left out soon after one. */
  #choose(): readonly { readonly life: DiskLife; readonly cuts: readonly number[] }[] {
    const { cuts, seed, only } = this.#options
    const dice = new Dice(seed + 0x5eed)
    const { operationCount, leftOutAt } = this.#run
    const anywhere = (): number => dice.between(1, operationCount)
    const behind = (): number => dice.pick(leftOutAt) + dice.between(1, soonOperations)
    const chosen = Array.from({ length: cuts }, leftOutAt.length > 0 ? behind : anywhere)
    const sorted = only === undefined ? chosen.sort((a, b) => a - b) : [only]
    return this.#run.diskLives.map((life) => {
      const end = life.base + life.disk.history.length
      return { life, cuts: sorted.filter((at) => at >= life.base && at <= end) }
    })
  }

  async #checkOne(remains: DiskRemains, at: number): Promise<void> {
    const { seed } = this.#options
    const dice = new Dice(seed * 1_000_003 + at)
    const promised = this.#stateAt(at)
    this.count += 1
    for (const topic of promised.topics.values()) for (const { records } of topic.partitions) this.promised += records.size
    const disk = new RecordedDisk(remains.draw(dice))
    const again = dice.pick(['stop', 'kill', 'loss', 'loss'] as const)
    const next = await this.#start(disk, promised, dice, at, again === 'stop' ? 'stop' : 'kill')
    if (next === null) return
    let second = disk
    if (again !== 'kill') {
      const left = new DiskRemains(disk)
      left.advanceTo(disk.history.length)
      second = new RecordedDisk(left.draw(dice))
    }
    await this.#start(second, next, dice, at, 'kill', again === 'loss' ? 'after another loss: ' : `after a ${again}: `)
  }

  /** Null: something was found. */
  async #start(
    disk: RecordedDisk,
    promised: PromisedState,
    dice: Dice,
    at: number,
    end: 'stop' | 'kill',
    when = '',
  ): Promise<PromisedState | null> {
    const { seed, skips } = this.#options
    const check = new StartCheck({
      disk,
      promised,
      sent: this.#run.sent,
      seed: dice.roll(2 ** 31),
      isSlow: dice.chance(0.2),
      endsTransactions: when === '' && dice.chance(0.2),
      ...(skips && { skips }),
    })
    const next = await check.run()
    await check.end(end)
    for (const what of check.violations) this.#violations.push(`seed ${seed}, cut ${at}: ${when}${what}`)
    return check.violations.length === 0 ? next : null
  }
}
