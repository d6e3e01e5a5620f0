import type { ApiTable, Services } from '../apis/table.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { Dispatch } from './dispatch.ts'
import { Listener } from './listener.ts'

export interface ServerOptions {
  readonly config: BrokerConfig
  readonly table: ApiTable
  readonly services: Services
  readonly listeners: readonly { readonly name: string; readonly hosts: readonly string[]; readonly port: number }[]
  readonly bug: (error: Error) => void
}

/** Where clients come in: the listeners of a broker, and the limits that they share. */
export class Server {
  readonly listeners: readonly Listener[]

  constructor({ config, table, services, listeners, bug }: ServerOptions) {
    const { environment } = services
    const { logger } = environment
    const dispatch = new Dispatch({ table, services, logger, bug })
    const memory = {
      buffers: environment.buffers,
      received: new ByteLimit('received bytes', config.get('queued.max.request.bytes')),
    }
    const limits = new ConnectionLimits({
      max: config.get('max.connections'),
      maxPerAddress: config.get('max.connections.per.ip'),
      overrides: connectionOverrides(config.get('max.connections.per.ip.overrides')),
    })
    this.listeners = listeners.map(
      ({ name, hosts, port }) =>
        new Listener({
          name,
          hosts,
          port,
          dispatch,
          memory,
          limits,
          frameBytesMax: config.get('socket.request.max.bytes'),
          idleMs: config.get('connections.max.idle.ms'),
          inFlightBytesMax: config.get('queued.max.request.bytes.per.connection'),
          stallMs: config.get('frame.stall.timeout.ms'),
          waitsForMemory: () => this.#watchStalls(),
          clock: environment.real,
          logger,
        }),
    )
  }

  #watchStalls(): void {
    for (const listener of this.listeners) listener.watchStalls()
  }

  /** Binds every listener, or none and rejects with a sentence. */
  async open(): Promise<void> {
    try {
      for (const listener of this.listeners) await listener.open()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()))
  }
}

/** `hostName:100,127.0.0.1:200` */
function connectionOverrides(text: string): ReadonlyMap<string, number> {
  const entries = text
    .split(',')
    .filter((entry) => entry.includes(':'))
    .map((entry): [string, number] => {
      const colon = entry.lastIndexOf(':')
      return [entry.slice(0, colon).trim(), Number(entry.slice(colon + 1))]
    })
  return new Map(entries)
}
