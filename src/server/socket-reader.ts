import { type OnReadOpts, Socket } from 'node:net'

/** Where the next bytes should be read to: into this memory, anywhere, or anywhere but few of them. */
export type ReadTarget = Buffer | 'any' | 'few'

/** What a reader drives. */
export interface ByteSink {
  target(): ReadTarget
  /** The bytes are valid during the call alone, unless they lie in `target()`. */
  received(bytes: Buffer): void
}

/**
 * Bytes that plain sockets read into, shared by all connections of a thread: recycled memory costs a third of what a fresh buffer for each chunk
 * does. It is as large as a client's usual in-flight window, so that one busy connection cannot starve the others.
 */
const sharedBuffers: { any: Buffer; few: Buffer } = { any: Buffer.alloc(0), few: Buffer.alloc(0) }
const SHARED_BYTES = 1024 * 1024
/** What is read at once of a connection that was quiet, or whose bytes could not be used yet. */
export const FEW_BYTES = 4 * 1024

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
  if (sharedBuffers.any.length === 0) {
    sharedBuffers.any = Buffer.allocUnsafeSlow(SHARED_BYTES)
    sharedBuffers.few = sharedBuffers.any.subarray(0, FEW_BYTES)
  }
  let current = sharedBuffers.few
  const onread: OnReadOpts = {
    // Node asks for the next buffer when it has handed over the last one, not when bytes come.
    buffer: () => {
      const target = sinkOf().target()
      current = typeof target === 'string' ? sharedBuffers[target] : target
      return current
    },
    callback: (count) => {
      sinkOf().received(count === current.length ? current : current.subarray(0, count))
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

/** For sockets that ignore `onread`. */
export function readByEvents(accepted: Socket, sinkOf: () => ByteSink): Socket {
  accepted.on('data', (bytes: Buffer) => sinkOf().received(bytes))
  return accepted
}

/** How many bytes of what was written the system has not taken yet; null where that cannot be known. */
export function unsentBytesOf(socket: Socket): number | null {
  const { writeQueueSize } = ((socket as unknown as HandleOwner)._handle ?? {}) as { writeQueueSize?: unknown }
  return typeof writeQueueSize === 'number' ? writeQueueSize : null
}
