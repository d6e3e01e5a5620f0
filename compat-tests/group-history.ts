import type { ClientEvent } from './client-process.ts'

/** A member's time with a partition, and what it was given of it. */
interface Ownership {
  readonly member: string
  readonly partition: number
  readonly from: number
  to: number
  generation: number | null
  /** It learned too late that it was no member any more: another may have had the partition by then, in a later generation. */
  lost: boolean
  readonly offsets: number[]
}

/** What is wrong with what a group did; nothing is, when every list is empty. */
export interface GroupFaults {
  readonly missed: string[]
  readonly belowCommitted: string[]
  readonly twoOwners: string[]
  readonly failed: string[]
}

const shownMax = 5

function first(faults: readonly string[]): string[] {
  return faults.length > shownMax ? [...faults.slice(0, shownMax), `… ${faults.length} in all`] : [...faults]
}

/**
 * All that the members of a group told, whichever processes they were in: one machine has one clock. A driver tells of an assignment after it
 * has it and of a revocation before it gives in, so that times of two owners can only overlap where ownership did; and of a commit
 * after it was acknowledged.
 */
export class GroupHistory {
  readonly #ownerships: Ownership[] = []
  readonly #current = new Map<string, Map<number, Ownership>>()
  readonly #commits: { readonly partition: number; readonly offset: number; readonly at: number }[] = []
  readonly #failed: string[] = []
  readonly #unowned: string[] = []
  readonly values = new Set<string>()
  refusedCount = 0
  committedCount = 0
  deliveredCount = 0

  note(event: ClientEvent): void {
    const { member, at } = event
    const owned = this.#current.get(member) ?? new Map<number, Ownership>()
    this.#current.set(member, owned)
    switch (event.kind) {
      case 'assigned':
        for (const partition of event.partitions) this.#begin(owned, member, partition, at)
        if (event.generation !== null) for (const ownership of owned.values()) ownership.generation ??= event.generation
        break
      case 'generation':
        for (const ownership of owned.values()) ownership.generation ??= event.generation
        break
      case 'revoked':
      case 'lost':
        for (const partition of event.partitions) this.#end(owned, partition, at, event.kind === 'lost')
        break
      case 'records':
        for (const [partition, offset, value] of event.records) this.#deliver(owned, member, partition, offset, value)
        break
      case 'committed':
        this.committedCount++
        for (const [partition, offset] of event.offsets) this.#commits.push({ partition, offset, at })
        break
      case 'refused':
        this.refusedCount++
        break
      case 'failed':
        this.#failed.push(`${member}: ${event.error}`)
    }
  }

  /** The member's process was killed at that time. */
  crashed(member: string, at: number): void {
    const owned = this.#current.get(member)
    for (const partition of [...(owned?.keys() ?? [])]) this.#end(owned!, partition, at, false)
  }

  partitionsOf(member: string): number[] {
    return [...(this.#current.get(member)?.keys() ?? [])].sort((a, b) => a - b)
  }

  countOf(member: string): number {
    return this.#ownerships.reduce((sum, one) => sum + (one.member === member ? one.offsets.length : 0), 0)
  }

  faults(written: readonly string[]): GroupFaults {
    return {
      missed: first(written.filter((value) => !this.values.has(value))),
      belowCommitted: first([...this.#findBelowCommitted(), ...this.#unowned]),
      twoOwners: first([...this.#findOverlaps(), ...this.#findSharedGenerations()]),
      failed: first(this.#failed),
    }
  }

  #begin(owned: Map<number, Ownership>, member: string, partition: number, at: number): void {
    if (owned.has(partition)) return
    const began: Ownership = {
      member,
      partition,
      from: at,
      to: Number.POSITIVE_INFINITY,
      generation: null,
      lost: false,
      offsets: [],
    }
    owned.set(partition, began)
    this.#ownerships.push(began)
  }

  #end(owned: Map<number, Ownership>, partition: number, at: number, lost: boolean): void {
    const ended = owned.get(partition)
    if (!ended) return
    ended.to = at
    ended.lost = lost
    owned.delete(partition)
  }

  #deliver(owned: Map<number, Ownership>, member: string, partition: number, offset: number, value: string): void {
    this.deliveredCount++
    this.values.add(value)
    const last = this.#ownerships.findLast((one) => one.member === member && one.partition === partition)
    const ownership = owned.get(partition) ?? last
    if (ownership) ownership.offsets.push(offset)
    else this.#unowned.push(`${member} was given ${partition}@${offset} and never had the partition`)
  }

  #findBelowCommitted(): string[] {
    const faults: string[] = []
    for (const { member, partition, from, offsets } of this.#ownerships) {
      const committed = this.#commits.reduce(
        (most, commit) => (commit.partition === partition && commit.at < from ? Math.max(most, commit.offset) : most),
        0,
      )
      let next = committed
      for (const offset of offsets) {
        if (offset < committed)
          faults.push(`${member} was given ${partition}@${offset}, though ${committed} was committed before`)
        else if (offset < next) faults.push(`${member} was given ${partition}@${offset} twice while it had the partition`)
        next = Math.max(next, offset + 1)
      }
    }
    return faults
  }

  #findOverlaps(): string[] {
    const faults: string[] = []
    for (const [index, one] of this.#ownerships.entries()) {
      for (const other of this.#ownerships.slice(index + 1)) {
        if (one.partition !== other.partition || one.member === other.member) continue
        const earlier = one.from <= other.from ? one : other
        const later = earlier === one ? other : one
        if (earlier.to > later.from && !earlier.lost) faults.push(`${describe(earlier)} and ${describe(later)}`)
      }
    }
    return faults
  }

  #findSharedGenerations(): string[] {
    const owners = new Map<string, Ownership>()
    const faults: string[] = []
    for (const ownership of this.#ownerships) {
      if (ownership.generation === null) continue
      const place = `${ownership.partition} in ${ownership.generation}`
      const other = owners.get(place)
      if (other && other.member !== ownership.member) faults.push(`${describe(other)} and ${describe(ownership)}`)
      owners.set(place, ownership)
    }
    return faults
  }
}

function describe({ member, partition, from, to, generation, lost }: Ownership): string {
  return `${member} has partition ${partition} from ${from} to ${to}${lost ? ' (lost)' : ''}, generation ${generation ?? 'unknown'}`
}
