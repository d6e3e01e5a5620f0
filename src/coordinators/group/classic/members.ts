import type { GroupProtocol } from '../group-request.ts'
import { firstInHashMap } from '../kafka-order.ts'
import type { ClassicMember, ParkedJoin, ParkedSync } from './classic-member.ts'

const namesOf = (protocols: readonly GroupProtocol[]): ReadonlySet<string> => new Set(protocols.map(({ name }) => name))

/** The members of one classic group, with the counts that would be too dear to take anew at each join. */
export class Members {
  readonly #byId = new Map<string, ClassicMember>()
  readonly #idsByInstance = new Map<string, string>()
  /** How many members know a protocol. */
  readonly #protocolCounts = new Map<string, number>()
  #parkedJoinCount = 0
  #retainedBytes = 0

  get size(): number {
    return this.#byId.size
  }

  get parkedJoinCount(): number {
    return this.#parkedJoinCount
  }

  /** What the members keep in memory. */
  get retainedBytes(): number {
    return this.#retainedBytes
  }

  [Symbol.iterator](): IterableIterator<ClassicMember> {
    return this.#byId.values()
  }

  get(id: string): ClassicMember | undefined {
    return this.#byId.get(id)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  first(): ClassicMember | undefined {
    for (const member of this) return member
    return undefined
  }

  /** The member id behind a group instance id (KIP-345). */
  idOfInstance(instanceId: string): string | undefined {
    return this.#idsByInstance.get(instanceId)
  }

  add(member: ClassicMember): void {
    this.#byId.set(member.id, member)
    if (member.instanceId !== null) this.#idsByInstance.set(member.instanceId, member.id)
    this.#count(member.protocols, 1)
    this.#retainedBytes += member.retainedBytes
    if (member.parkedJoin !== null) this.#parkedJoinCount += 1
  }

  remove(id: string): ClassicMember | undefined {
    const member = this.#byId.get(id)
    if (member === undefined) return undefined
    this.#byId.delete(id)
    if (member.instanceId !== null) this.#idsByInstance.delete(member.instanceId)
    this.#count(member.protocols, -1)
    this.#retainedBytes -= member.retainedBytes
    if (member.parkedJoin !== null) this.#parkedJoinCount -= 1
    return member
  }

  setProtocols(member: ClassicMember, protocols: readonly GroupProtocol[]): void {
    this.#count(member.protocols, -1)
    this.#retainedBytes -= member.protocolsBytes
    member.protocols = protocols
    this.#retainedBytes += member.protocolsBytes
    this.#count(protocols, 1)
  }

  setAssignment(member: ClassicMember, assignment: Buffer): void {
    this.#retainedBytes += assignment.length - member.assignment.length
    member.assignment = assignment
  }

  /** Gives the JoinGroup that waited in its place. */
  park(member: ClassicMember, join: ParkedJoin): ParkedJoin | null {
    const former = this.unpark(member)
    member.parkedJoin = join
    this.#parkedJoinCount += 1
    this.#retainedBytes += join.bytes
    return former
  }

  unpark(member: ClassicMember): ParkedJoin | null {
    const join = member.parkedJoin
    if (join === null) return null
    this.#parkedJoinCount -= 1
    this.#retainedBytes -= join.bytes
    member.parkedJoin = null
    return join
  }

  /** Gives the SyncGroup that waited in its place. */
  parkSync(member: ClassicMember, sync: ParkedSync): ParkedSync | null {
    const former = this.unparkSync(member)
    member.parkedSync = sync
    this.#retainedBytes += sync.bytes
    return former
  }

  unparkSync(member: ClassicMember): ParkedSync | null {
    const sync = member.parkedSync
    if (sync === null) return null
    this.#retainedBytes -= sync.bytes
    member.parkedSync = null
    return sync
  }

  rebalanceTimeoutMs(): number {
    let longest = 0
    for (const { rebalanceTimeoutMs } of this) longest = Math.max(longest, rebalanceTimeoutMs)
    return longest
  }

  /** At least one of them is known to every member. */
  haveInCommonOneOf(protocols: readonly GroupProtocol[]): boolean {
    return protocols.some(({ name }) => this.#isCommon(name))
  }

  /** Each member votes for the first of its protocols that all know; of those with most votes it is the one that Kafka takes. */
  selectProtocol(): string {
    const votes = new Map<string, number>()
    for (const { protocols } of this) {
      const vote = protocols.find(({ name }) => this.#isCommon(name))
      if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
    }
    const most = Math.max(...votes.values())
    return firstInHashMap([...votes.keys()], (name) => votes.get(name) === most)
  }

  #isCommon(protocolName: string): boolean {
    return (this.#protocolCounts.get(protocolName) ?? 0) === this.size
  }

  #count(protocols: readonly GroupProtocol[], change: 1 | -1): void {
    for (const name of namesOf(protocols)) {
      const count = (this.#protocolCounts.get(name) ?? 0) + change
      // Names are the clients' to choose: those that nobody knows any more are forgotten.
      if (count === 0) this.#protocolCounts.delete(name)
      else this.#protocolCounts.set(name, count)
    }
  }
}
