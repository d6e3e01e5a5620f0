import { KafkaError } from '../../../protocol/errors.ts'
import { StorageError } from '../../storage/storage.ts'
import type { Dice } from './dice.ts'
import { SimulatedBroker, type SimulatedBrokerOptions } from './simulated-broker.ts'
import type { SimulatedDisk } from './simulated-disk.ts'
import type { SimulatedTime } from './simulated-time.ts'
import type { Trace } from './trace.ts'

export interface BrokerHostOptions extends SimulatedBrokerOptions {
  readonly trace: Trace
  readonly dice: Dice
  readonly time: SimulatedTime
  readonly disk: SimulatedDisk
  /** Takes care of what goes on by itself, and of its failure. */
  readonly begin: (life: Promise<void>) => void
}

/** The machine that the broker runs on: starts it, kills it, stops it, takes its power away. */
export class BrokerHost {
  readonly #options: BrokerHostOptions
  #broker: SimulatedBroker | null = null
  /** One thing at a time. */
  #isBusy = false
  #restartWanted = false
  startCount = 0

  constructor(options: BrokerHostOptions) {
    this.#options = options
  }

  get broker(): SimulatedBroker | null {
    return this.#broker
  }

  async start(): Promise<void> {
    const { time, trace, disk } = this.#options
    this.startCount += 1
    for (;;) {
      try {
        this.#broker = await SimulatedBroker.start(this.#options)
        trace.say('broker started')
        return
      } catch (error) {
        // The disk has failed, in the middle of a start; another may succeed.
        if (!(error instanceof StorageError || error instanceof KafkaError)) throw error
        trace.say(`broker did not start: ${error instanceof Error ? error.message : String(error)}`)
        await disk.kill()
        await time.sleep(500)
      }
    }
  }

  /** Ends this life in one way or the other, and begins the next. */
  async restart(): Promise<void> {
    const { time, dice, trace, disk } = this.#options
    if (this.#isBusy || this.#broker === null) return
    this.#isBusy = true
    const broker = this.#broker
    this.#broker = null
    const kind = disk.forgetsSynced ? 'power loss' : dice.pick(['stop', 'kill', 'kill', 'power loss'] as const)
    trace.say(`broker: ${kind}`)
    if (kind === 'stop') await broker.stop()
    else broker.kill()
    await (kind === 'kill' ? disk.kill() : disk.losePower())
    await time.sleep(dice.between(10, 3000))
    await this.start()
    this.#isBusy = false
    if (this.#restartWanted) this.restartSoon()
  }

  /** Somebody looks after it: the disk takes nothing before the process is started again. */
  restartSoon(): void {
    const { time, dice } = this.#options
    this.#restartWanted = true
    time.after(dice.between(1000, 30_000), () => {
      if (!this.#restartWanted || this.#isBusy) return
      this.#restartWanted = false
      this.#options.begin(this.restart())
    })
  }
}
