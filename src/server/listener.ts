import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { BindAddresses } from '../config/listeners.ts'
import type { Clock, Timer } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import { Connection } from './connection.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import type { Dispatch } from './dispatch.ts'
import type { FrameMemory } from './frame.ts'
import { attachReader, type ByteSink } from './socket-reader.ts'

export interface ListenerOptions {
  /** Kafka's name of the listener, in upper case. */
  readonly name: string
  /** Addresses to bind, all with one port. */
  readonly bind: BindAddresses
  /** 0: a free one. */
  readonly port: number
  readonly memory: FrameMemory
  readonly limits: ConnectionLimits
  /** socket.request.max.bytes */
  readonly frameBytesMax: number
  /** connections.max.idle.ms; negative: never */
  readonly idleMs: number
  /** queued.max.request.bytes.per.connection */
  readonly inFlightBytesMax: number
  /** frame.stall.timeout.ms: while others wait for memory, a frame that gains no byte for this long gives its place up. */
  readonly stallMs: number
  /** A connection of this listener begins to wait for memory. */
  readonly waitsForMemory: () => void
  readonly clock: Clock
  readonly logger: Logger
}

/** Connections that the system may hold for us before we accept them. */
const BACKLOG = 1024

const connectionIds = { next: 1 }

/** One named listener: its sockets, its connections, and what ends connections that nobody uses. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #servers: Server[] = []
  /** Who came before requests are answered. */
  readonly #early: Socket[] = []
  #dispatch: Dispatch | null = null
  readonly #connections = new Set<Connection>()
  readonly #due = new Set<Connection>()
  #flushing = false
  #idleTimer: Timer | null = null
  #stallTimer: Timer | null = null
  #stalls = new Map<Connection, number>()
  #acceptErrorLogged = false
  #port = 0

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  get port(): number {
    return this.#port
  }

  /** The addresses that are bound. */
  get addresses(): readonly string[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).address)
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Binds, and holds who comes until `begin`. Rejects with a sentence when the port is in use or the address is none of this machine. */
  async open(): Promise<void> {
    const { required, optional } = this.#options.bind
    try {
      for (const host of required) await this.#bind(host)
    } catch (error) {
      await this.close()
      throw error
    }
    for (const host of optional) await this.#bind(host).catch(() => {})
  }

  async #bind(host: string | undefined): Promise<void> {
    const server = createServer({ pauseOnConnect: true, noDelay: true })
    const port = this.#port === 0 ? this.#options.port : this.#port
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new Error(bindSentence(this.name, host ?? '', port, error), { cause: error })))
      server.listen({ host, port, backlog: BACKLOG, ipv6Only: host?.includes(':') === true && host !== '::' }, resolve)
    })
    server.removeAllListeners('error')
    this.#port = (server.address() as AddressInfo).port
    this.#servers.push(server)
    server.on('connection', (socket) => this.#accept(socket))
    server.on('error', (error) => this.#acceptFailed(error))
  }

  /** From now on requests are answered, also those of who came before. */
  begin(dispatch: Dispatch): void {
    this.#dispatch = dispatch
    for (const socket of this.#early.splice(0)) this.#accept(socket)
  }

  /** Descriptors have run out, most likely: the system closes what it cannot hand over, and the listener goes on. */
  #acceptFailed(error: Error): void {
    if (this.#acceptErrorLogged) return
    this.#acceptErrorLogged = true
    const message = `Listener ${this.#options.name} could not accept a connection: ${error.message}. Raise the limit of open files, or lower max.connections.`
    this.#options.logger.error({ err: error, connections: this.#connections.size }, message)
  }

  #accept(accepted: Socket): void {
    const dispatch = this.#dispatch
    if (dispatch === null) {
      this.#early.push(accepted)
      accepted.on('error', () => accepted.destroy())
      return
    }
    const { limits, logger, name } = this.#options
    const address = accepted.remoteAddress ?? ''
    const refusal = limits.admit(address)
    if (refusal !== null) {
      if (refusal.first) logger.warn({ client: address, listener: name }, refusal.sentence)
      accepted.destroy()
      return
    }
    let connection: Connection | null = null
    const socket = attachReader(accepted, () => connection ?? deaf)
    const { memory, frameBytesMax, inFlightBytesMax, clock } = this.#options
    connection = new Connection(socket, {
      id: connectionIds.next++,
      listener: name,
      dispatch,
      memory,
      frameBytesMax,
      inFlightBytesMax,
      clock,
      logger,
      waitsForMemory: this.#options.waitsForMemory,
      flushSoon: (due) => this.#flushSoon(due),
      closed: (closed) => {
        this.#connections.delete(closed)
        this.#due.delete(closed)
        this.#stalls.delete(closed)
        limits.leave(address)
        this.#acceptErrorLogged = false
      },
    })
    this.#connections.add(connection)
    socket.setNoDelay(true)
    socket.resume()
    this.#watchIdle()
  }

  /** All answers of a turn leave at its end, those of one connection in one write. */
  #flushSoon(connection: Connection): void {
    this.#due.add(connection)
    if (this.#flushing) return
    this.#flushing = true
    this.#options.clock.endOfTurn(() => {
      this.#flushing = false
      const due = [...this.#due]
      this.#due.clear()
      for (const one of due) one.flush()
    })
  }

  /** Wakes when the connection that was idle longest may be due, never in between. */
  #watchIdle(): void {
    const { idleMs, clock } = this.#options
    if (idleMs < 0 || this.#idleTimer !== null || this.#connections.size === 0) return
    const now = clock.nowMs()
    let oldestMs = now
    for (const { lastActiveMs } of this.#connections) oldestMs = Math.min(oldestMs, lastActiveMs)
    this.#idleTimer = clock.after(Math.max(1, oldestMs + idleMs - now), () => {
      this.#idleTimer = null
      const before = clock.nowMs() - idleMs
      for (const connection of [...this.#connections]) {
        if (connection.hasRequestsUnderWay) connection.lastActiveMs = clock.nowMs()
        else if (connection.lastActiveMs <= before) connection.destroy()
      }
      this.#watchIdle()
    })
  }

  /** Called when a connection begins to wait for memory: who holds some without using it loses it. */
  watchStalls(): void {
    if (this.#stallTimer !== null) return
    const { clock, logger, memory, stallMs } = this.#options
    this.#noteProgress()
    this.#stallTimer = clock.after(stallMs, () => {
      this.#stallTimer = null
      for (const [connection, bytes] of [...this.#stalls]) {
        if (connection.admittedBytes !== bytes) continue
        const { remoteAddress } = connection.facts
        logger.info(
          { client: remoteAddress },
          `Closed the connection of ${remoteAddress}: its request stood still for ${stallMs} ms while others waited for memory.`,
        )
        connection.destroy()
      }
      if (memory.received.hasWaiting) this.watchStalls()
    })
  }

  #noteProgress(): void {
    this.#stalls = new Map()
    for (const connection of this.#connections) {
      if (connection.admittedBytes !== null) this.#stalls.set(connection, connection.admittedBytes)
    }
  }

  /** Closes the sockets and every connection. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel()
    this.#stallTimer?.cancel()
    const closing = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const connection of [...this.#connections]) connection.destroy()
    for (const socket of this.#early.splice(0)) socket.destroy()
    await Promise.all(closing)
  }
}

const deaf: ByteSink = { target: () => null, received: () => {} }

function bindSentence(name: string, host: string, port: number, error: NodeJS.ErrnoException): string {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host || '*'}:${port}`
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is in use at ${where} (listener ${name}): stop the program that holds it, or choose another port with --port.`
  }
  if (error.code === 'EADDRNOTAVAIL') return `${where} (listener ${name}) is no address of this machine.`
  if (error.code === 'EACCES') return `${where} (listener ${name}) may not be bound: ports below 1024 need more rights.`
  return `${where} (listener ${name}) cannot be bound: ${error.message}.`
}
