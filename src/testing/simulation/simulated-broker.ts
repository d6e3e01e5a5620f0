import { AssertionError } from 'node:assert'
import type { Services } from '../../apis/context.ts'
import { apiTable } from '../../apis/table.ts'
import { services, startLogCleaner, startLogTasks } from '../../broker.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { openCluster } from '../../cluster/open-cluster.ts'
import type { BrokerConfig } from '../../config/broker-config.ts'
import { Coordinators } from '../../coordinators/runtime/coordinators.ts'
import { Buffers } from '../../environment/buffers.ts'
import { ByteLimit } from '../../environment/byte-limit.ts'
import type { Environment, Random } from '../../environment/environment.ts'
import type { Logger } from '../../environment/logger.ts'
import { SystemFiles } from '../../environment/system-files.ts'
import { openPartitionLog } from '../../log/open-partition-log.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { Dispatch } from '../../server/dispatch.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ProcessClock, SimulatedTime } from './simulated-time.ts'

const listener = { name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, securityProtocol: 0 }

export interface SimulatedBrokerOptions {
  readonly time: SimulatedTime
  /** Where its data is kept, as this life finds it. */
  readonly disk: { mount(clock: ProcessClock): Storage }
  readonly random: Random
  readonly config: BrokerConfig
  readonly logger: Logger
  /** Retention, compaction and checkpoints go on by themselves. */
  readonly tendsLogs?: boolean
  /** A fault of the broker: an assertion. */
  readonly fault: (error: Error) => void
  /** Every log as it is opened may be replaced: for a test of the tests. */
  readonly wrapLog: (log: PartitionLog) => PartitionLog
  /** The same of what the handlers are given. */
  readonly wrapServices: (services: Services) => Services
}

/**
 * One life of a broker: cluster, coordinators, handlers and dispatch as `broker.ts` puts them together, on a clock and a disk
 * of the simulation, and without sockets.
 */
export class SimulatedBroker {
  readonly cluster: Cluster
  readonly dispatch: Dispatch
  readonly #coordinators: Coordinators
  readonly #clock: ProcessClock
  /** What goes on by itself, in the order in which it is stopped. */
  readonly #tasks: readonly { stop(): Promise<void> }[]
  readonly #closing = new Set<() => void>()
  #isOver = false

  private constructor(parts: {
    cluster: Cluster
    coordinators: Coordinators
    dispatch: Dispatch
    clock: ProcessClock
    tasks: { stop(): Promise<void> }[]
  }) {
    this.cluster = parts.cluster
    this.dispatch = parts.dispatch
    this.#coordinators = parts.coordinators
    this.#clock = parts.clock
    this.#tasks = parts.tasks
  }

  static async start(options: SimulatedBrokerOptions): Promise<SimulatedBroker> {
    const { time, disk, random, config, logger, wrapLog, wrapServices, fault } = options
    const clock = time.clock()
    const storage = disk.mount(clock)
    const environment: Environment = {
      time: clock,
      real: clock,
      random,
      logger,
      files: new SystemFiles(),
      buffers: new Buffers(),
    }
    const cluster = await openCluster({
      storage,
      environment,
      config,
      nodes: [{ id: config.nodeId, rack: null, endpoints: [listener] }],
      openLog: async (asked) => wrapLog(await openPartitionLog(asked)),
    })
    const node = cluster.nodes[0]!
    const coordinators = new Coordinators(cluster, node, environment)
    const server = { outgoing: new ByteLimit('outgoing', 64 << 20), watchUnsent: () => {} }
    const built = services({ options: { config }, cluster, node, coordinators, server, storage, ignoresCase: false, environment })
    const bug = (error: Error): void => {
      if (error instanceof AssertionError || error instanceof Error) fault(error)
    }
    const dispatch = new Dispatch({ table: apiTable, services: wrapServices(built), logger, bug })
    const tasks =
      options.tendsLogs === true
        ? [startLogCleaner(cluster, node, environment, bug), startLogTasks(cluster, config, environment)]
        : []
    return new SimulatedBroker({ cluster, coordinators, dispatch, clock, tasks })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Runs when this life ends; what it gives takes that back. */
  onEnd(run: () => void): () => void {
    this.#closing.add(run)
    return () => this.#closing.delete(run)
  }

  /** A stop in order. */
  async stop(): Promise<void> {
    this.#end()
    this.#coordinators.stop()
    for (const task of this.#tasks) await task.stop()
    await this.cluster.stop()
    this.#clock.end()
  }

  /** The process is no more. */
  kill(): void {
    this.#clock.end()
    this.#end()
  }

  #end(): void {
    this.#isOver = true
    for (const run of [...this.#closing]) run()
    this.#closing.clear()
  }
}
