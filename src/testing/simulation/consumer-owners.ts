import type { SimulatedTime } from './simulated-time.ts'
import type { Violations } from './violations.ts'

interface Owner {
  readonly member: string
  /** When it sent the last heartbeat that was answered: for some time from then on it is sure to be in the group. */
  sureSinceMs: number
}

/** Who reads which partition in consumer groups: nobody is given one that somebody else still has and is sure to be allowed to. */
export class ConsumerOwners {
  readonly #owners = new Map<string, Map<string, Owner>>()
  readonly #time: SimulatedTime
  readonly #violations: Violations
  /** The least time after which a member that is not heard may be removed. */
  readonly #leaseMs: number
  takenCount = 0

  constructor(time: SimulatedTime, violations: Violations, leaseMs: number) {
    this.#time = time
    this.#violations = violations
    this.#leaseMs = leaseMs
  }

  taken(groupId: string, member: string, partition: string, sureSinceMs: number): void {
    this.takenCount += 1
    const owners = this.#ownersOf(`${groupId} ${partition}`)
    for (const other of owners.values()) {
      if (other.member === member || this.#time.nowMs - other.sureSinceMs >= this.#leaseMs) continue
      this.#violations.report('one-owner', `${groupId}: ${partition} was given to ${member} while ${other.member} had it`)
    }
    owners.set(member, { member, sureSinceMs })
  }

  kept(groupId: string, member: string, partitions: Iterable<string>, sureSinceMs: number): void {
    for (const partition of partitions) {
      const owner = this.#owners.get(`${groupId} ${partition}`)?.get(member)
      if (owner !== undefined) owner.sureSinceMs = sureSinceMs
    }
  }

  /** It has stopped reading it, and has not yet said so. */
  givenUp(groupId: string, member: string, partition: string): void {
    this.#owners.get(`${groupId} ${partition}`)?.delete(member)
  }

  #ownersOf(key: string): Map<string, Owner> {
    const known = this.#owners.get(key)
    if (known !== undefined) return known
    const owners = new Map<string, Owner>()
    this.#owners.set(key, owners)
    return owners
  }
}
