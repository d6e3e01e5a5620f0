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

/** Partitions that all sessions together remember: a request may name a million, and a session keeps them long after it. */
const PARTITIONS_MAX = 1_000_000

/** The fetch sessions of a broker (`FetchManager`, `FetchSessionCache`): how many there are is bounded, and one without a slot reads without a session. */
export class FetchSessions {
  readonly #options: FetchSessionsOptions
  /** In the order of their last use. */
  readonly #sessions = new Map<number, FetchSession>()
  #partitionCount = 0

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
      this.#remove(this.#sessions.get(sessionId))
      return sessionEpoch === FETCH_EPOCHS.final ? withoutSession(request.partitions) : this.#full(request)
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) throw new KafkaError('FETCH_SESSION_ID_NOT_FOUND')
    if (session.epoch !== sessionEpoch) throw new KafkaError('INVALID_FETCH_SESSION_EPOCH')
    if (session.usesTopicIds !== request.usesTopicIds) throw new KafkaError('FETCH_SESSION_TOPIC_ID_ERROR')
    this.#update(session, request)
    if (session.size === 0) {
      this.#remove(session)
      return withoutSession([])
    }
    // The client begins a new session, which may be refused: reading without one is always legal.
    if (this.#partitionCount > PARTITIONS_MAX) {
      this.#remove(session)
      throw new KafkaError('FETCH_SESSION_ID_NOT_FOUND')
    }
    this.#touch(session)
    session.epoch = nextSessionEpoch(session.epoch)
    return this.#incremental(session)
  }

  #update(session: FetchSession, { partitions, forgotten }: FetchSessionRequest): void {
    const before = session.size
    session.update(partitions, forgotten)
    this.#partitionCount += session.size - before
  }

  #remove(session: FetchSession | undefined): void {
    if (session !== undefined && this.#sessions.delete(session.id)) this.#partitionCount -= session.size
  }

  /** A full request makes a session when it is answered, if there is a slot for it. */
  #full(request: FetchSessionRequest): FetchContext {
    return {
      wanted: request.partitions,
      answer: (read) => {
        const session = this.#create(request)
        if (session === null) return { sessionId: 0, partitions: read }
        session.noteFull(read)
        return { sessionId: session.id, partitions: read }
      },
    }
  }

  #incremental(session: FetchSession): FetchContext {
    const { epoch } = session
    return {
      wanted: session.wanted(),
      answer: (read) => {
        if (session.epoch !== epoch) throw new KafkaError('INVALID_FETCH_SESSION_EPOCH')
        return { sessionId: session.id, partitions: session.select(read) }
      },
    }
  }

  #touch(session: FetchSession): void {
    session.lastUsedMs = this.#options.clock.nowMs()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  #create(request: FetchSessionRequest): FetchSession | null {
    const size = request.partitions.length
    if (this.#partitionCount + size > PARTITIONS_MAX || !this.#makeRoom(size)) return null
    const session = new FetchSession(this.#newId(), request.usesTopicIds, this.#options.clock.nowMs())
    this.#sessions.set(session.id, session)
    this.#update(session, request)
    return session
  }

  /** Frees a slot if none is left: of the session unused for longest, or of the smallest that is smaller and no longer young. */
  #makeRoom(size: number): boolean {
    if (this.#sessions.size < this.#options.slots) return true
    const oldMs = this.#options.clock.nowMs() - EVICTION_MS
    const [oldest] = this.#sessions.values()
    if (oldest === undefined) return false
    let victim = oldest.lastUsedMs < oldMs ? oldest : undefined
    if (victim === undefined) {
      for (const session of this.#sessions.values()) {
        if (session.size < (victim?.size ?? size) && session.createdMs < oldMs) victim = session
      }
    }
    this.#remove(victim)
    return victim !== undefined
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
