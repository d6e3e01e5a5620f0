import type { Buffers } from './buffers.ts'
import type { Files } from './files.ts'
import type { Logger } from './logger.ts'

/**
 * The world outside the broker, handed in from `broker.ts`: everything that a test may replace so that the whole
 * broker runs on a simulated clock from one seed.
 */
export interface Environment {
  /** Kafka's clock, which a test may advance: timestamps, retention, expiry, sessions, transactions. */
  readonly time: Clock
  /** What a client's socket sees: idle connections, stalled frames, max_wait, request timeouts, throttling. */
  readonly real: Clock
  readonly random: Random
  readonly logger: Logger
  readonly files: Files
  readonly buffers: Buffers
}

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Calls `run` once after `delayMs`, unless cancelled. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` when the events at hand have been handled: the end of this turn of the event loop. */
  endOfTurn(run: () => void): void
}

export interface Random {
  bytes(count: number): Buffer
  /** A random uuid in Kafka's text form (base64url, 22 characters), never one that begins with a dash. */
  uuid(): string
}
