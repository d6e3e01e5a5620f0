import { KafkaError } from '../../protocol/errors.ts'
import type { Clock, Random } from '../environment/environment.ts'
import type { FetchedPartition, FetchPartition } from './fetch-query.ts'
import { FETCH_EPOCHS, FetchSession, nextSessionEpoch } from './fetch-session.ts'

export interface FetchSessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly usesTopicIds: boolean
  readonly partitions: readonly FetchPartition[]
  /** Keys of partitions (`partitionKey`). */
  readonly forgotten: readonly string[]
}

/** One Fetch in its session, or outside of any. */
export interface FetchContext {
  readonly wanted: readonly FetchPartition[]
  /** What is answered of what was read. Throws when another request used the session meanwhile. */
  answer(read: readonly FetchedPartition[]): { readonly sessionId: number; readonly partitions: readonly FetchedPartition[] }
}

export interface FetchSessionsOptions {
  /** max.incremental.fetch.session.cache.slots */
  readonly slots: number
  readonly clock: Clock
  readonly random: Random
}

/** A session may lose its slot to another when it was not used for this long (`MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`). */
const EVICTION_MS = 120_000

/** The fetch sessions of a broker (`FetchManager`, `FetchSessionCache`): how many there are is bounded, and one without a slot reads without a session. */
export class FetchSessions {
  readonly #options: FetchSessionsOptions
  /** In the order of their last use. */
  readonly #sessions = new Map<number, FetchSession>()

  constructor(options: FetchSessionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Throws FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR. */
  begin(request: FetchSessionRequest): FetchContext {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === FETCH_EPOCHS.initial || sessionEpoch === FETCH_EPOCHS.final) {
      if (sessionId !== 0) this.#sessions.delete(sessionId)
      return sessionEpoch === FETCH_EPOCHS.final ? withoutSession(request.partitions) : this.#full(request)
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) throw new KafkaError('FETCH_SESSION_ID_NOT_FOUND')
    if (session.epoch !== sessionEpoch) throw new KafkaError('INVALID_FETCH_SESSION_EPOCH')
    if (session.usesTopicIds !== request.usesTopicIds) throw new KafkaError('FETCH_SESSION_TOPIC_ID_ERROR')
    session.update(request.partitions, request.forgotten)
    this.#touch(session)
    if (session.size === 0) {
      this.#sessions.delete(session.id)
      return withoutSession([])
    }
    session.epoch = nextSessionEpoch(session.epoch)
    return this.#incremental(session)
  }

  /** A full request makes a session when it is answered, if there is a slot for it. */
  #full(request: FetchSessionRequest): FetchContext {
    return {
      wanted: request.partitions,
      answer: (read) => {
        const session = this.#create(request)
        if (session === null) return { sessionId: 0, partitions: read }
        return { sessionId: session.id, partitions: session.select(read, true) }
      },
    }
  }

  #incremental(session: FetchSession): FetchContext {
    const { epoch } = session
    return {
      wanted: session.wanted(),
      answer: (read) => {
        if (session.epoch !== epoch) throw new KafkaError('INVALID_FETCH_SESSION_EPOCH')
        return { sessionId: session.id, partitions: session.select(read, false) }
      },
    }
  }

  #touch(session: FetchSession): void {
    session.lastUsedMs = this.#options.clock.nowMs()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  #create(request: FetchSessionRequest): FetchSession | null {
    if (request.partitions.length === 0 || !this.#makeRoom(request.partitions.length)) return null
    const session = new FetchSession(this.#newId(), request.usesTopicIds, this.#options.clock.nowMs())
    session.update(request.partitions, [])
    this.#sessions.set(session.id, session)
    return session
  }

  /** Frees a slot if none is left: of the session unused for longest, or of a smaller one that is old enough. */
  #makeRoom(size: number): boolean {
    if (this.#sessions.size < this.#options.slots) return true
    const now = this.#options.clock.nowMs()
    const [oldest] = this.#sessions.values()
    if (oldest === undefined) return false
    let victim: FetchSession | null = oldest.lastUsedMs + EVICTION_MS <= now ? oldest : null
    if (victim === null) {
      for (const session of this.#sessions.values()) {
        if (session.size < (victim?.size ?? size) && session.createdMs + EVICTION_MS <= now) victim = session
      }
    }
    if (victim === null) return false
    this.#sessions.delete(victim.id)
    return true
  }

  #newId(): number {
    for (;;) {
      const id = this.#options.random.bytes(4).readUInt32BE(0) & 0x7fffffff
      if (id > 0 && !this.#sessions.has(id)) return id
    }
  }
}

const withoutSession = (partitions: readonly FetchPartition[]): FetchContext => ({
  wanted: partitions,
  answer: (read) => ({ sessionId: 0, partitions: read }),
})
