import { GroupOffsets } from './group-offsets.ts'
import { type Connection, ConnectionLost } from './simulated-network.ts'
import type { World } from './world.ts'

/** Looks at the committed offsets of all groups, from outside. */
export class OffsetWatcher {
  readonly #world: World
  readonly #connection: Connection
  readonly #pauseMs: number

  constructor(world: World, pauseMs: number) {
    this.#world = world
    this.#pauseMs = pauseMs
    this.#connection = world.network.connect('offset watcher')
  }

  async live(): Promise<void> {
    const { time, isEnding } = this.#world
    while (!isEnding()) {
      await time.sleep(this.#pauseMs)
      await this.look()
    }
    this.#connection.close()
  }

  async look(): Promise<void> {
    const byGroup = new Map<string, string[]>()
    for (const key of this.#world.offsets.keys()) {
      const at = key.indexOf('/')
      byGroup.set(key.slice(0, at), [...(byGroup.get(key.slice(0, at)) ?? []), key.slice(at + 1)])
    }
    for (const [groupId, partitions] of byGroup) {
      try {
        await new GroupOffsets(this.#world, groupId, this.#connection).fetch(null, partitions)
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
    }
  }
}
