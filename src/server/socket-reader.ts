import { type OnReadOpts, Socket } from 'node:net'

/** What a reader drives. */
export interface ByteSink {
  /** Where the next bytes should be read to; null: anywhere. */
  target(): Buffer | null
  /** The bytes are valid during the call alone, unless they lie in `target()`. */
  received(bytes: Buffer): void
}

/**
 * Bytes that plain sockets read into, shared by all connections of a thread: recycled memory costs a third of what a fresh buffer for each chunk
 * does. It is as large as a client's usual in-flight window, so that one busy connection cannot starve the others.
 */
const sharedBuffer: { bytes: Buffer | null } = { bytes: null }
const SHARED_BYTES = 1024 * 1024

interface HandleOwner {
  _handle: object | null
}

/**
 * Makes a socket of a server's accepted one that reads into our memory. Node offers that (`onread`) only for sockets that one makes
 * oneself, so the handle moves over to a new one. Where that fails, the accepted socket itself is read by its `data` events.
 */
export function attachReader(accepted: Socket, sinkOf: () => ByteSink): Socket {
  const handle = (accepted as unknown as HandleOwner)._handle
  if (handle === null || typeof handle !== 'object') return readByEvents(accepted, sinkOf)
  sharedBuffer.bytes ??= Buffer.allocUnsafeSlow(SHARED_BYTES)
  const shared = sharedBuffer.bytes
  let current = shared
  const onread: OnReadOpts = {
    buffer: () => {
      current = sinkOf().target() ?? shared
      return current
    },
    callback: (count) => {
      sinkOf().received(current.subarray(0, count))
      return true
    },
  }
  const server = (accepted as unknown as { server: unknown }).server
  ;(accepted as unknown as HandleOwner)._handle = null
  accepted.removeAllListeners()
  const socket = new Socket({ handle, onread, allowHalfOpen: false } as never)
  // The server counts its connections by these.
  Object.assign(socket, { server, _server: server })
  return socket
}

function readByEvents(accepted: Socket, sinkOf: () => ByteSink): Socket {
  accepted.on('data', (bytes: Buffer) => sinkOf().received(bytes))
  return accepted
}
