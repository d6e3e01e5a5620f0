import type { Services } from '../apis/table.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { bindAddresses } from '../config/listeners.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import type { Environment } from '../environment/environment.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { Dispatch } from './dispatch.ts'
import { Listener } from './listener.ts'

export interface ServerOptions {
  readonly config: BrokerConfig
  readonly environment: Environment
}

/** Where clients come in: the listeners of a broker, and the limits that they share. */
export class Server {
  readonly listeners: readonly Listener[]

  constructor({ config, environment }: ServerOptions) {
    const { logger } = environment
    const memory = {
      buffers: environment.buffers,
      received: new ByteLimit('received bytes', receivedBytesMax(config.get('queued.max.request.bytes'))),
    }
    const limits = new ConnectionLimits({
      max: config.get('max.connections'),
      maxPerAddress: config.get('max.connections.per.ip'),
      overrides: connectionOverrides(config.get('max.connections.per.ip.overrides')),
    })
    this.listeners = config.listeners.map(
      ({ name, host, port }) =>
        new Listener({
          name,
          bind: bindAddresses({ name, host, port }),
          port,
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

  /** From now on requests are answered. `bug` is told of a failed assertion. */
  begin(services: Services, bug: (error: Error) => void): void {
    const dispatch = new Dispatch({ table: services.table, services, logger: services.environment.logger, bug })
    for (const listener of this.listeners) listener.begin(dispatch)
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()))
  }
}

/** Kafka's -1 stands for no limit; here it is a limit all the same, since memory has one. */
const receivedBytesMax = (setting: number): number => (setting > 0 ? setting : 64 * 1024 * 1024)

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
