import type { Services } from '../apis/table.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { parseConnectionOverrides } from '../config/connection-overrides.ts'
import { bindAddresses } from '../config/listeners.ts'
import type { MemoryShares } from '../config/memory-shares.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import type { Environment } from '../environment/environment.ts'
import type { Connection } from './connection.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { Dispatch } from './dispatch.ts'
import { Listener } from './listener.ts'
import { StallWatch } from './stall-watch.ts'

export interface ServerOptions {
  readonly config: BrokerConfig
  readonly environment: Environment
  readonly memory: Pick<MemoryShares, 'received' | 'outgoing'>
}

/** How long a stop waits for answers that are owed, and for the clients to take them. */
const FINISH_MS_MAX = 3000

/** Where clients come in: the listeners of a broker, and the limits that they share. */
export class Server {
  readonly listeners: readonly Listener[]
  /** Bytes of requests that outlive the turn in which they came. */
  readonly received: ByteLimit
  /** Bytes of records on their way to clients: a Fetch reserves them. */
  readonly outgoing: ByteLimit
  readonly #receiveStalls: StallWatch
  readonly #sendStalls: StallWatch

  constructor({ config, environment, memory }: ServerOptions) {
    const { logger, real: clock } = environment
    const stallMs = config.get('frame.stall.timeout.ms')
    this.received = new ByteLimit('received bytes', memory.received)
    this.outgoing = new ByteLimit('outgoing bytes', memory.outgoing)
    const limits = new ConnectionLimits({
      max: config.get('max.connections'),
      maxPerAddress: config.get('max.connections.per.ip'),
      overrides: parseConnectionOverrides(config.get('max.connections.per.ip.overrides')).limits,
    })
    this.listeners = config.listeners.map(
      ({ name, host, port }) =>
        new Listener({
          name,
          bind: bindAddresses({ name, host, port }),
          port,
          memory: { buffers: environment.buffers, received: this.received },
          limits,
          frameBytesMax: config.get('socket.request.max.bytes'),
          idleMs: config.get('connections.max.idle.ms'),
          inFlightBytesMax: config.get('queued.max.request.bytes.per.connection'),
          waitsForMemory: () => this.#receiveStalls.begin(),
          clock,
          logger,
        }),
    )
    const stalled = (connection: Connection, what: string): void => {
      const { remoteAddress: client } = connection.facts
      logger.info({ client }, `Closed the connection of ${client}: ${what} for ${stallMs} ms while others waited for memory.`)
      connection.destroy()
    }
    const connections = (): Iterable<Connection> => this.#connections()
    this.#receiveStalls = new StallWatch({
      limit: this.received,
      stallMs,
      clock,
      connections,
      progressOf: (connection) => connection.receiveProgress,
      stalled: (connection) => stalled(connection, 'its request stood still'),
    })
    this.#sendStalls = new StallWatch({
      limit: this.outgoing,
      stallMs,
      clock,
      connections,
      progressOf: (connection) => connection.unsentProgress,
      stalled: (connection) => stalled(connection, 'it took nothing of its answer'),
    })
  }

  *#connections(): Iterable<Connection> {
    for (const listener of this.listeners) yield* listener.connections
  }

  /** A Fetch begins to wait for room in `outgoing`: who does not take his answers loses them. */
  watchUnsent(): void {
    this.#sendStalls.begin()
  }

  /** Binds every listener, or none and rejects with a BindError. */
  async open(): Promise<void> {
    try {
      for (const listener of this.listeners) await listener.open()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** From now on requests are answered. `bug` is told of a failed assertion. */
  begin(services: Services, bug: (error: Error) => void): void {
    const dispatch = new Dispatch({ table: services.table, services, logger: services.environment.logger, bug })
    for (const listener of this.listeners) listener.begin(dispatch)
  }

  /** Takes no further request, and answers what was taken. */
  async finish(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.finish(FINISH_MS_MAX)))
  }

  async close(): Promise<void> {
    this.#receiveStalls.stop()
    this.#sendStalls.stop()
    await Promise.all(this.listeners.map((listener) => listener.close()))
  }
}
