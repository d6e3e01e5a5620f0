import type { AnyApi, Api } from '../../protocol/schema/api.ts'
import { versionRange } from '../../protocol/schema/versions.ts'
import { type Answer, type ApiRow, ApiTable, type RequestContext, type Services, type Started } from '../apis/table.ts'
import { ByteLimit } from '../environment/byte-limit.ts'
import { seededRandom } from '../environment/random.ts'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { CountingBuffers } from './counting-buffers.ts'
import { Dispatch } from './dispatch.ts'
import { Listener, type ListenerOptions } from './listener.ts'
import { StallWatch } from './stall-watch.ts'

/** A row of an API table for a handler that a test has written in line. */
export function row<Q, QIn, S, SIn>(
  of: Api<Q, QIn, S, SIn>,
  handle: (request: Q, context: RequestContext) => Answer<SIn> | Promise<Answer<SIn>>,
): ApiRow {
  const start = (request: unknown, context: RequestContext): Started<unknown> => ({
    ordered: undefined,
    response: handle(request as Q, context),
  })
  return { ...versionsOf(of as unknown as AnyApi), pipelined: false, start }
}

export function pipelinedRow<Q, QIn, S, SIn>(
  of: Api<Q, QIn, S, SIn>,
  handle: (request: Q, context: RequestContext) => Started<SIn>,
): ApiRow {
  const start = (request: unknown, context: RequestContext): Started<unknown> => handle(request as Q, context)
  return { ...versionsOf(of as unknown as AnyApi), pipelined: true, start }
}

function versionsOf(api: AnyApi): Pick<ApiRow, 'api' | 'listed' | 'served'> {
  const range = versionRange(`${api.versions.min}-${api.versions.max}`)
  return { api, listed: range, served: range }
}

export interface TestListenerOptions
  extends Partial<Pick<ListenerOptions, 'bind' | 'port' | 'frameBytesMax' | 'idleMs' | 'inFlightBytesMax'>> {
  readonly receivedBytesMax?: number
  readonly stallMs?: number
  readonly max?: number
  readonly maxPerAddress?: number
  readonly overrides?: ReadonlyMap<string, number>
  /** Begin to answer at once; true unless told. */
  readonly begins?: boolean
}

/** A listener on a free port of the loopback with handlers of the test's own, on a clock that stands still. */
export class TestListener {
  readonly clock = new SimulatedClock()
  readonly logger = new RecordingLogger()
  readonly buffers = new CountingBuffers()
  readonly bugs: Error[] = []
  readonly received: ByteLimit
  readonly limits: ConnectionLimits
  readonly listener: Listener
  readonly #rows: readonly ApiRow[]
  readonly #stalls: StallWatch

  private constructor(rows: readonly ApiRow[], options: TestListenerOptions) {
    const { receivedBytesMax = 64 << 20, stallMs = 5000, max = 1000, maxPerAddress = 1000, overrides = new Map() } = options
    this.#rows = rows
    this.received = new ByteLimit('received bytes', receivedBytesMax)
    this.limits = new ConnectionLimits({ max, maxPerAddress, overrides })
    this.#stalls = new StallWatch({
      limit: this.received,
      stallMs,
      clock: this.clock,
      connections: () => this.listener.connections,
      progressOf: (connection) => connection.receiveProgress,
      stalled: (connection) => connection.destroy(),
    })
    this.listener = new Listener({
      name: 'PLAINTEXT',
      bind: options.bind ?? { required: ['127.0.0.1'], optional: [] },
      port: options.port ?? 0,
      memory: { buffers: this.buffers, received: this.received },
      limits: this.limits,
      frameBytesMax: options.frameBytesMax ?? 100 << 20,
      idleMs: options.idleMs ?? 600_000,
      inFlightBytesMax: options.inFlightBytesMax ?? 16 << 20,
      waitsForMemory: () => this.#stalls.begin(),
      clock: this.clock,
      logger: this.logger,
    })
  }

  static async open(rows: readonly ApiRow[], options: TestListenerOptions = {}): Promise<TestListener> {
    const test = new TestListener(rows, options)
    await test.listener.open()
    if (options.begins ?? true) test.begin()
    return test
  }

  get port(): number {
    return this.listener.port
  }

  begin(): void {
    this.listener.begin(this.dispatch())
  }

  dispatch(): Dispatch {
    return new Dispatch({
      table: new ApiTable(this.#rows),
      services: this.#services(),
      logger: this.logger,
      bug: (error) => this.bugs.push(error),
    })
  }

  /** Settled when the broker's side of the connections has seen what the clients' side did: polled turn by turn, never timed. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.turn()
  }

  /** The end of a turn of the event loop, with its I/O. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.clock.endOfTurn(resolve))
  }

  async close(): Promise<void> {
    this.#stalls.stop()
    await this.listener.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Dispatch itself needs of them no more than the environment. */
  #services(): Services {
    const { clock, logger, buffers } = this
    const environment = { time: clock, real: clock, random: seededRandom(1), logger, files: new SystemFiles(), buffers }
    return { environment } as unknown as Services
  }
}
