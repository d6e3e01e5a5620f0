import type { GroupProtocol } from '../group-request.ts'
import { identityBytes, protocolsBytes } from '../retained-bytes.ts'

export const emptyAssignment = Buffer.alloc(0)

/** A JoinGroup that waits for the rebalance; the version decides how it is answered. */
export interface ParkedJoin {
  readonly requestId: number
  readonly version: number
  /** What the request holds besides what its member keeps. */
  readonly bytes: number
}

/** A SyncGroup that waits for the leader's. */
export interface ParkedSync {
  readonly requestId: number
  readonly bytes: number
}

export interface ClassicMemberState {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly GroupProtocol[]
  readonly assignment?: Buffer
}

/** A member of a classic group. `Members` changes what it counts: protocols, the assignment and parked requests. */
export class ClassicMember {
  readonly id: string
  /** Set for a static member (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  assignment: Buffer
  parkedJoin: ParkedJoin | null = null
  parkedSync: ParkedSync | null = null
  /** It waits in its first rebalance, and so times out even while it waits. */
  isNew = false
  #protocols: readonly GroupProtocol[] = []
  readonly #identityBytes: number
  #protocolsBytes = 0

  constructor(state: ClassicMemberState) {
    this.id = state.id
    this.instanceId = state.instanceId
    this.clientId = state.clientId
    this.clientHost = state.clientHost
    this.rebalanceTimeoutMs = state.rebalanceTimeoutMs
    this.sessionTimeoutMs = state.sessionTimeoutMs
    this.protocols = state.protocols
    this.assignment = state.assignment ?? emptyAssignment
    this.#identityBytes = identityBytes(state)
  }

  /** In its order of preference. After a restart only the chosen one is known: the record holds no other. */
  get protocols(): readonly GroupProtocol[] {
    return this.#protocols
  }

  set protocols(protocols: readonly GroupProtocol[]) {
    this.#protocols = protocols
    this.#protocolsBytes = protocolsBytes(protocols)
  }

  get protocolsBytes(): number {
    return this.#protocolsBytes
  }

  /** What it keeps in memory, its connection open or not. */
  get retainedBytes(): number {
    const parkedBytes = (this.parkedJoin?.bytes ?? 0) + (this.parkedSync?.bytes ?? 0)
    return this.#identityBytes + this.#protocolsBytes + this.assignment.length + parkedBytes
  }

  get isStatic(): boolean {
    return this.instanceId !== null
  }

  /** Whoever waits for the group need not send heartbeats. */
  get isExcusedFromHeartbeats(): boolean {
    return !this.isNew && (this.parkedJoin !== null || this.parkedSync !== null)
  }

  metadata(protocolName: string | null): Buffer | null {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? null
  }

  /** The same protocols with the same metadata in the same order: nothing that would change an assignment. */
  matches(protocols: readonly GroupProtocol[]): boolean {
    if (protocols.length !== this.protocols.length) return false
    return this.protocols.every((mine, index) => {
      const theirs = protocols[index]!
      return mine.name === theirs.name && mine.metadata.equals(theirs.metadata)
    })
  }
}
