import type { Clock } from '../../environment/environment.ts'
import { CleaningGivenUp } from './cleaning-given-up.ts'
import type { IoThrottle } from './io-throttle.ts'

/** Work goes on for so long before others have their turn. The clock has whole milliseconds: it is one to two of them. */
const sliceMs = 2
/** How many steps are taken before the clock is looked at. */
const stepsUnseen = 32
/** A wait is no longer than this without a look whether it is still wanted. */
const waitMsMax = 500

interface PaceOptions {
  readonly real: Clock
  readonly throttle: IoThrottle
  readonly isGivenUp: () => boolean
}

/** Cleaning goes on beside all that clients ask for: in short slices, no faster than allowed, and only while it is wanted. */
export class Pace {
  readonly #options: PaceOptions
  #steps = 0
  #sliceBeganMs: number

  constructor(options: PaceOptions) {
    this.#options = options
    this.#sliceBeganMs = options.real.nowMs()
  }

  /** Called for each record or so: true when it is time to `rest`. */
  get isDue(): boolean {
    this.#steps += 1
    if (this.#steps < stepsUnseen) return false
    this.#steps = 0
    return this.#options.real.nowMs() - this.#sliceBeganMs >= sliceMs
  }

  /** Lets others go first. Throws CleaningGivenUp. */
  async rest(): Promise<void> {
    const { real, isGivenUp } = this.#options
    await new Promise<void>((resolve) => real.endOfTurn(resolve))
    if (isGivenUp()) throw new CleaningGivenUp()
    this.#steps = 0
    this.#sliceBeganMs = real.nowMs()
  }

  /** So many bytes were read or are about to be written. Throws CleaningGivenUp. */
  async moved(bytes: number): Promise<void> {
    const { throttle, isGivenUp } = this.#options
    throttle.moved(bytes)
    for (let { waitMs } = throttle; waitMs > 0 && !isGivenUp(); { waitMs } = throttle) {
      await throttle.wait(Math.min(waitMs, waitMsMax))
    }
    if (isGivenUp()) throw new CleaningGivenUp()
    if (this.isDue) await this.rest()
  }
}
