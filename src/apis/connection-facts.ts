/** What a handler may know of the connection that a request came by. */
export interface ConnectionFacts {
  readonly id: number
  /** The name of the listener that it came in by. */
  readonly listener: string
  /** The address that the client reached us by, and the port. */
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  /** Runs when the connection has ended; what it gives takes that back. */
  onClose(run: () => void): () => void
}
