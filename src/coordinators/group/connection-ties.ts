import { evictionTimer } from './group-timer.ts'
import type { Turn } from './turn.ts'

interface Tie {
  readonly groupId: string
  readonly memberId: string
  /** Where at least two of its requests came from. */
  connection: number | null
  /** Where one came from since. */
  other: number | null
  /** Its connection has ended, and nothing was heard of it since. */
  isEvicting: boolean
  lastHeartbeatMs: number | null
  /** The longest time that it has let pass between two heartbeats. */
  heartbeatIntervalMs: number
}

/** How a request names a member. */
export interface Naming {
  readonly connection: number
  /** While a member joins or waits for its assignment it sends no heartbeats. */
  readonly by: 'heartbeat' | 'join' | 'other'
  readonly heartbeatIntervalMs?: number
}

/** A member that has just sent its heartbeat is late by the way that the next one takes. */
const lateHeartbeatMs = 1000

/**
 * Which members are tied to which connections (group.evict.on.disconnect), so that one whose process has died need not be
 * waited for until its session ends. A member is tied by the second of its requests on a connection; when that one ends it
 * has its grace, and any request that names it, wherever it comes from, ends the grace. Nothing of this is durable: after a
 * restart members go by their sessions until they are tied anew. There is one entry for each member, or id that was given
 * out, so that what limits those limits the ties too.
 */
export class ConnectionTies {
  readonly #graceMs: number | null
  readonly #ties = new Map<string, Tie>()
  readonly #byConnection = new Map<number, Set<Tie>>()

  /** Null: nobody is evicted. */
  constructor(graceMs: number | null) {
    this.#graceMs = graceMs
  }

  /** How many members there are an entry for. */
  get size(): number {
    return this.#ties.size
  }

  /** The end of the connection matters to somebody. */
  watches(connection: number): boolean {
    return this.#byConnection.has(connection)
  }

  /**
   * A request named a dynamic member. Where the group tells its members how often to send heartbeats, it says how often; a
   * member that chose a longer interval than is usual has a longer grace, too.
   */
  named(groupId: string, memberId: string, { connection, by, heartbeatIntervalMs = 0 }: Naming, turn: Turn): void {
    if (this.#graceMs === null) return
    const key = evictionTimer(groupId, memberId)
    const tie = this.#ties.get(key) ?? newTie(groupId, memberId)
    this.#ties.set(key, tie)
    if (tie.isEvicting) turn.cancelTimer(key)
    tie.isEvicting = false
    const sinceHeartbeatMs = by === 'heartbeat' && tie.lastHeartbeatMs !== null ? turn.nowMs - tie.lastHeartbeatMs : 0
    tie.heartbeatIntervalMs = Math.max(tie.heartbeatIntervalMs, heartbeatIntervalMs, sinceHeartbeatMs)
    if (by === 'heartbeat') tie.lastHeartbeatMs = turn.nowMs
    else if (by === 'join') tie.lastHeartbeatMs = null
    if (tie.connection === connection) return
    if (tie.other === connection) this.#tie(tie, connection)
    else tie.other = connection
  }

  /** It is no member any more. */
  forget(groupId: string, memberId: string, turn: Turn): void {
    const key = evictionTimer(groupId, memberId)
    const tie = this.#ties.get(key)
    if (tie === undefined) return
    this.#ties.delete(key)
    this.#untie(tie)
    if (tie.isEvicting) turn.cancelTimer(key)
  }

  /** Its grace is over. */
  expired(groupId: string, memberId: string): void {
    const tie = this.#ties.get(evictionTimer(groupId, memberId))
    if (tie !== undefined) tie.isEvicting = false
  }

  closed(connection: number, turn: Turn): void {
    const ties = this.#byConnection.get(connection) ?? []
    this.#byConnection.delete(connection)
    for (const tie of ties) {
      tie.connection = null
      tie.isEvicting = true
      const graceMs = Math.max(this.#graceMs ?? 0, tie.heartbeatIntervalMs + lateHeartbeatMs)
      turn.setTimer(evictionTimer(tie.groupId, tie.memberId), graceMs)
    }
  }

  #tie(tie: Tie, connection: number): void {
    this.#untie(tie)
    tie.connection = connection
    tie.other = null
    const ties = this.#byConnection.get(connection)
    if (ties === undefined) this.#byConnection.set(connection, new Set([tie]))
    else ties.add(tie)
  }

  #untie(tie: Tie): void {
    if (tie.connection === null) return
    const ties = this.#byConnection.get(tie.connection)
    ties?.delete(tie)
    if (ties?.size === 0) this.#byConnection.delete(tie.connection)
    tie.connection = null
  }
}

const newTie = (groupId: string, memberId: string): Tie => ({
  groupId,
  memberId,
  connection: null,
  other: null,
  isEvicting: false,
  lastHeartbeatMs: null,
  heartbeatIntervalMs: 0,
})
