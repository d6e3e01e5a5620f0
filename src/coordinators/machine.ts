/**
 * What a coordinator's state machine is: no promises, no clock, no I/O. Input goes in, a decision comes out; only
 * `replay` changes what records carry. The runtime appends the records, sends the replies when they are durable and
 * keeps the timers, so a machine can be scripted, simulated and loaded after a restart by the same code.
 */
export interface Machine<Request, Image, Effect = never, Result = never> {
  /** May change what is volatile (parked joins, the generation under way), never what records carry. */
  decide(input: Input<Request, Effect, Result>, image: Image, nowMs: number, random: MachineRandom): Decision<Effect>
  replay(offset: bigint, record: CoordinatorRecord): void
  /** The end of a transaction that wrote records here. */
  replayMarker(producer: Producer, commit: boolean): void
  /** Whether the end of a connection is an input even if no request of it is open. */
  watches?(connection: number): boolean
}

export interface Producer {
  readonly id: bigint
  readonly epoch: number
}

/** A record of the coordinator's topic, key and value as they stand on disk; a null value is a tombstone. */
export interface CoordinatorRecord {
  readonly key: Buffer
  readonly value: Buffer | null
  /** Set when the record is part of a transaction. */
  readonly producer: Producer | null
}

export interface Caller {
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  readonly principal: string
  readonly connection: number
}

export type Input<Request, Effect = never, Result = never> =
  /** All records were replayed: timers start, open effects are asked for again. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'request'; readonly id: number; readonly request: Request; readonly caller: Caller }
  | { readonly kind: 'timer'; readonly key: string }
  /** The metadata image changed; offsets of topics that are gone go with them. */
  | { readonly kind: 'image'; readonly deletedTopics: readonly string[] }
  | { readonly kind: 'effect'; readonly effect: Effect; readonly result: Result }
  | { readonly kind: 'closed'; readonly connection: number }

export interface Decision<Effect = never> {
  readonly records: readonly CoordinatorRecord[]
  readonly replies: readonly Reply[]
  readonly timers: readonly TimerChange[]
  readonly effects: readonly Effect[]
}

/** `id` is the request's; a request that must wait gets its reply from a later decision. */
export interface Reply {
  readonly id: number
  readonly response: object
}

export type TimerChange = { readonly set: string; readonly delayMs: number } | { readonly cancel: string }

export interface MachineRandom {
  /** A random uuid as Java prints it (8-4-4-4-12 hexadecimal digits). */
  uuid(): string
}
