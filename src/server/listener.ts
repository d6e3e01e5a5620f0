import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { BindAddresses } from '../config/listeners.ts'
import type { Clock } from '../environment/environment.ts'
import type { Logger } from '../environment/logger.ts'
import { BindError } from './bind-error.ts'
import { Connection } from './connection.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import type { Dispatch } from './dispatch.ts'
import type { FrameMemory } from './frame.ts'
import { IdleWatch } from './idle-watch.ts'
import { plainAddress } from './plain-address.ts'
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
  /** A connection of this listener begins to wait for memory. */
  readonly waitsForMemory: () => void
  readonly clock: Clock
  readonly logger: Logger
}

/** Connections that the system may hold for us before we accept them. */
const BACKLOG = 1024
/** How often a free port is looked for that all addresses of a listener have. */
const PORT_TRIES = 10

const connectionIds = { next: 1 }

/** One named listener: its sockets and its connections. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #servers: Server[] = []
  /** Who came before requests are answered. */
  readonly #early = new Map<Socket, string>()
  #dispatch: Dispatch | null = null
  readonly #connections = new Set<Connection>()
  readonly #due = new Set<Connection>()
  readonly #idle: IdleWatch
  #flushing = false
  #acceptErrorLogged = false
  #closed = false
  /** Called when the last connection has ended. */
  #deserted: () => void = () => {}
  #port = 0

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#idle = new IdleWatch({ idleMs: options.idleMs, clock: options.clock, connections: this.#connections })
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

  get connections(): Iterable<Connection> {
    return this.#connections
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Binds, and holds who comes until `begin`. Rejects with a BindError when the port is in use or the address is none of this machine. */
  async open(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#bindAll()
        return
      } catch (error) {
        await this.#unbind()
        const isRetried = this.#options.port === 0 && isInUse(error) && tries < PORT_TRIES
        if (!isRetried) throw error
      }
    }
  }

  /**
   * An optional address that the machine lacks is passed over, one whose port another program holds is not: clients that resolve `localhost`
   * would reach that program.
   */
  async #bindAll(): Promise<void> {
    const { required, optional } = this.#options.bind
    for (const host of required) await this.#bind(host)
    for (const host of optional) {
      try {
        await this.#bind(host)
      } catch (error) {
        if (isInUse(error)) throw error
      }
    }
  }

  async #bind(host: string | undefined): Promise<void> {
    const server = createServer({ pauseOnConnect: true, noDelay: true })
    const port = this.#port === 0 ? this.#options.port : this.#port
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new BindError(bindSentence(this.name, host ?? '', port, error), { cause: error })))
      server.listen({ host, port, backlog: BACKLOG, ipv6Only: host?.includes(':') === true && host !== '::' }, resolve)
    })
    server.removeAllListeners('error')
    this.#port = (server.address() as AddressInfo).port
    this.#servers.push(server)
    server.on('connection', (socket) => this.#accept(socket))
    server.on('error', (error) => this.#acceptFailed(error))
  }

  async #unbind(): Promise<void> {
    this.#port = 0
    const closing = this.#servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const socket of this.#early.keys()) socket.destroy()
    await Promise.all(closing)
  }

  /** From now on requests are answered, also those of who came before. */
  begin(dispatch: Dispatch): void {
    this.#dispatch = dispatch
    for (const [socket, address] of [...this.#early]) {
      if (socket.destroyed) continue
      this.#early.delete(socket)
      this.#serve(socket, address, dispatch)
    }
  }

  /** Descriptors have run out, most likely: the system closes what it cannot hand over, and the listener goes on. */
  #acceptFailed(error: Error): void {
    if (this.#acceptErrorLogged) return
    this.#acceptErrorLogged = true
    const message = `Listener ${this.#options.name} could not accept a connection: ${error.message}. Raise the limit of open files, or lower max.connections.`
    this.#options.logger.error({ err: error, connections: this.#connections.size }, message)
  }

  #accept(accepted: Socket): void {
    const { limits, logger, name } = this.#options
    if (this.#closed) {
      accepted.destroy()
      return
    }
    const address = plainAddress(accepted.remoteAddress)
    const refusal = limits.admit(address)
    if (refusal !== null) {
      if (refusal.first) logger.warn({ client: address, listener: name }, refusal.sentence)
      accepted.destroy()
      return
    }
    if (this.#dispatch === null) this.#hold(accepted, address)
    else this.#serve(accepted, address, this.#dispatch)
  }

  #hold(accepted: Socket, address: string): void {
    this.#early.set(accepted, address)
    accepted.on('error', () => accepted.destroy())
    accepted.on('close', () => {
      if (this.#early.delete(accepted)) this.#options.limits.leave(address)
    })
  }

  #serve(accepted: Socket, address: string, dispatch: Dispatch): void {
    const { limits, logger, name, memory, frameBytesMax, inFlightBytesMax, clock, waitsForMemory } = this.#options
    let connection: Connection | null = null
    const socket = attachReader(accepted, () => connection ?? deaf)
    connection = new Connection(socket, {
      id: connectionIds.next++,
      listener: name,
      dispatch,
      memory,
      frameBytesMax,
      inFlightBytesMax,
      clock,
      logger,
      waitsForMemory,
      flushSoon: (due) => this.#flushSoon(due),
      closed: (closed) => {
        this.#connections.delete(closed)
        if (this.#connections.size === 0) this.#deserted()
        this.#due.delete(closed)
        limits.leave(address)
        this.#acceptErrorLogged = false
      },
    })
    this.#connections.add(connection)
    socket.resume()
    this.#idle.begin()
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

  /** Takes no further request; settled when those that were taken are answered, or `limitMs` have passed. */
  async finish(limitMs: number): Promise<void> {
    this.#closed = true
    for (const connection of [...this.#connections]) connection.finish()
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const limit = this.#options.clock.after(limitMs, resolve)
      this.#deserted = () => {
        limit.cancel()
        resolve()
      }
    })
  }

  /** Closes the sockets and every connection. */
  async close(): Promise<void> {
    this.#closed = true
    this.#idle.stop()
    for (const connection of [...this.#connections]) connection.destroy()
    await this.#unbind()
  }
}

const deaf: ByteSink = { target: () => 'few', received: () => {} }

const isInUse = (error: unknown): boolean => ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'

function bindSentence(name: string, host: string, port: number, error: NodeJS.ErrnoException): string {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host || '*'}:${port}`
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is in use at ${where} (listener ${name}): stop the program that holds it, or choose another port with --port.`
  }
  if (error.code === 'EADDRNOTAVAIL') return `${where} (listener ${name}) is no address of this machine.`
  if (error.code === 'EACCES') return `${where} (listener ${name}) may not be bound: ports below 1024 need more rights.`
  return `${where} (listener ${name}) cannot be bound: ${error.message}.`
}
