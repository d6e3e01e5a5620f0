import { resolve } from 'node:path'
import { Advertising } from './apis/advertising.ts'
import { apiTable, type Services } from './apis/table.ts'
import type { Cluster, ClusterNode } from './cluster/cluster.ts'
import type { Endpoint } from './cluster/metadata-image.ts'
import { MetadataLogRefused } from './cluster/metadata-log-refused.ts'
import { openCluster } from './cluster/open-cluster.ts'
import { topicByDefault } from './cluster/topic-auto-creation.ts'
import { decideTopicCreation } from './cluster/topic-creation.ts'
import { parseTopic } from './config/broker-checks.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import { ConfigError } from './config/config-error.ts'
import { formatAddress } from './config/listeners.ts'
import { type MemoryShares, memoryShares } from './config/memory-shares.ts'
import { resolveConfig, settingsSource } from './config/resolve-config.ts'
import type { SettingValue } from './config/setting.ts'
import { Coordinators } from './coordinators/runtime/coordinators.ts'
import { Buffers } from './environment/buffers.ts'
import { type SystemClock, systemReal, systemTime } from './environment/clock.ts'
import type { Environment } from './environment/environment.ts'
import type { Logger } from './environment/logger.ts'
import { LoopDelay, type LoopDelays } from './environment/loop-delay.ts'
import { defaultGateway, memoryBytes, threadPoolSize } from './environment/machine.ts'
import { systemRandom } from './environment/random.ts'
import { silentLogger } from './environment/silent-logger.ts'
import { SystemFiles } from './environment/system-files.ts'
import { FetchService } from './fetch/fetch-service.ts'
import { cleanerSettingsOf } from './log/cleaner/cleaner-settings.ts'
import { LogCleaner } from './log/cleaner/log-cleaner.ts'
import { LogTasks } from './log/log-tasks.ts'
import { BindError } from './server/bind-error.ts'
import { Server } from './server/server.ts'
import { MemoryStorage } from './storage/memory/memory-storage.ts'
import { SegmentStorage } from './storage/segments/segment-storage.ts'
import { type Durability, type Storage, StorageError } from './storage/storage.ts'

/** How a broker in this process is started; nothing has to be said. */
export interface BrokerOptions {
  /** Topics to have from the start, with their partitions: `{ orders: 6 }`. */
  readonly topics?: Readonly<Record<string, number>>
  /** The port of its listener. Default: a free one. */
  readonly port?: number
  /** The address of its listener. Default: 127.0.0.1, and ::1 where the machine has it. */
  readonly host?: string
  /** Keeps data in this folder, in Kafka's own format. Default: in memory, and gone with the broker. */
  readonly dataDir?: string
  /** Any of Kafka's broker settings, by name: `{ 'num.partitions': 3 }`. */
  readonly config?: Readonly<Record<string, SettingValue>>
  /** Where its log lines go: a pino logger, or anything with its methods. Default: nowhere. */
  readonly logger?: Logger
}

/** How `grete start` and the tests start one: everything is settled. */
export interface SettledOptions {
  readonly config: BrokerConfig
  readonly logger: Logger
  /** In the container image, whose port the host maps to one of its own. */
  readonly inImage?: boolean
}

/** A broker that cannot start. The message is a sentence for its owner: what is wrong and what to do. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
  }
}

/** A Kafka broker in this process. */
export class Broker {
  readonly #parts: Parts
  readonly #closed = withResolvers()
  #stopping: Promise<void> | null = null

  private constructor(parts: Parts) {
    this.#parts = parts
    // A broker that nobody watches may fail without ending its process.
    this.#closed.promise.catch(() => {})
  }

  /** Starts a broker, by default in memory on a free port. Rejects with a StartError. */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    const { port, host, dataDir, topics = {}, config = {}, logger = silentLogger } = options
    const own = {
      'log.dirs': dataDir,
      'storage.type': dataDir === undefined ? 'memory' : 'segments',
      topics: Object.entries(topics).map(([name, partitions]) => `${name}:${partitions}`),
    }
    const free = { listeners: 'PLAINTEXT://localhost:0' }
    const listen = { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }
    const sources = [
      { ...settingsSource(own, 'Broker.start'), listen },
      settingsSource(config, 'Broker.start, config'),
      settingsSource(free, 'Broker.start'),
    ]
    try {
      return await Broker.startWith({ config: resolveConfig(sources).config, logger })
    } catch (error) {
      throw error instanceof ConfigError ? new StartError(error.message, { cause: error }) : error
    }
  }

  /** Starts a broker whose settings were settled before. Rejects with a StartError. */
  static async startWith(options: SettledOptions): Promise<Broker> {
    const broker: { started: Broker | null } = { started: null }
    const parts = await open(options, (error) => {
      const { started } = broker
      if (started !== null) started.#fail(error)
    })
    broker.started = new Broker(parts)
    return broker.started
  }

  /** What a client is given as its bootstrap servers: `127.0.0.1:9092`. */
  get bootstrapServers(): string {
    return this.#parts.server.listeners
      .map((listener) => formatAddress(reachable(listener.addresses[0] ?? ''), listener.port))
      .join(',')
  }

  /** Settled when it has stopped; rejected when it had to stop by a fault of its own. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** How long requests had to wait for the thread that serves them all, since the start. Measured every 20 ms. */
  get loopDelays(): LoopDelays {
    return this.#parts.loopDelay.read()
  }

  /** Where it listens, where it keeps data, what clients are told, how to stop it: a line each. */
  welcome(): readonly string[] {
    const { server, config, options } = this.#parts
    const lines = server.listeners.map((listener) => {
      const bound = listener.addresses.map((address) => formatAddress(address, listener.port)).join(' and ')
      return `Listener ${listener.name} listens on ${bound}. ${advertisedSentence(config, listener.name, options.inImage === true)}`
    })
    const data =
      config.get('storage.type') === 'memory'
        ? 'Data is kept in memory and gone with the broker.'
        : `Data is kept in ${[config.dataDirectory, ...config.otherDirectories].join(', ')}.`
    return [...lines, data, 'Stop it with Ctrl-C or SIGTERM.']
  }

  /** Stops it and leaves nothing behind: no connection, timer, file or lock. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(): Promise<void> {
    const { server, coordinators, logTasks, logCleaner, cluster, loopDelay, clocks } = this.#parts
    try {
      await server.finish()
      await server.close()
      coordinators.stop()
      await logCleaner.stop()
      await logTasks.stop()
      await cluster.stop()
      this.#closed.resolve()
    } catch (error) {
      this.#closed.reject(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      loopDelay.stop()
      for (const clock of clocks) clock.stop()
    }
  }

  /** A fault of its own: it answers and writes nothing more. */
  #fail(error: Error): void {
    if (this.#stopping !== null) return
    const { server, coordinators, logTasks, logCleaner, storage, loopDelay, clocks, options } = this.#parts
    options.logger.error({ err: error }, 'The broker found a fault in itself and stops: it answers and writes nothing more.')
    const ends = async (): Promise<void> => {
      await server.close()
      coordinators.stop()
      void logTasks.stop()
      void logCleaner.stop()
      await storage.close(null)
      loopDelay.stop()
      for (const clock of clocks) clock.stop()
    }
    this.#stopping = ends().finally(() => this.#closed.reject(error))
    this.#stopping.catch(() => {})
  }
}

/** What a broker is made of. */
interface Parts {
  readonly options: SettledOptions
  readonly config: BrokerConfig
  readonly storage: Storage
  readonly cluster: Cluster
  readonly coordinators: Coordinators
  readonly logTasks: LogTasks
  readonly logCleaner: LogCleaner
  readonly server: Server
  readonly loopDelay: LoopDelay
  readonly clocks: readonly SystemClock[]
}

/** Binds, takes the data, puts the parts together, and lets clients in. */
async function open(options: SettledOptions, bug: (error: Error) => void): Promise<Parts> {
  const { config, logger } = options
  const [time, real] = [systemTime(), systemReal()]
  const memory = memoryShares(config, memoryBytes())
  const environment: Environment = {
    time,
    real,
    random: systemRandom(),
    logger,
    files: new SystemFiles(),
    buffers: new Buffers({ idleBytesMax: memory.idleBuffers }),
  }
  const server = new Server({ config, environment, memory })
  const storage = openStorage(config, environment, memory)
  let cluster: Cluster | null = null
  try {
    await server.open()
    cluster = await openCluster({
      storage,
      environment,
      config,
      nodes: [{ id: config.nodeId, rack: config.get('broker.rack'), endpoints: advertisedEndpoints(config, server) }],
    })
    const node = cluster.nodes[0] as ClusterNode
    const ignoresCase = await storage.ignoresCase()
    await createStartTopics(cluster, node.config, environment, ignoresCase)
    const coordinators = new Coordinators(cluster, node, environment)
    server.begin(services({ options, cluster, node, coordinators, server, storage, ignoresCase, environment }), bug)
    const loopDelay = new LoopDelay(real, logger)
    loopDelay.start()
    const logTasks = startLogTasks(cluster, config, environment)
    const logCleaner = startLogCleaner(cluster, node, environment, bug)
    const clocks = [time, real]
    return { options, config, storage, cluster, coordinators, logTasks, logCleaner, server, loopDelay, clocks }
  } catch (error) {
    await server.close()
    // A start that failed lets go of the data directory, too: its process may live on and start another.
    // Why it could not start is what its owner must hear, whatever else fails now.
    await (cluster === null ? storage.close(null) : cluster.stop()).catch(() => {})
    for (const clock of [time, real]) clock.stop()
    throw startError(error)
  }
}

function startError(error: unknown): unknown {
  const isSentence = error instanceof MetadataLogRefused || error instanceof StorageError || error instanceof BindError
  return isSentence ? new StartError(error.message, { cause: error }) : error
}

function openStorage(config: BrokerConfig, environment: Environment, memory: MemoryShares): Storage {
  const { time, random, logger, files, buffers } = environment
  if (config.get('storage.type') === 'memory') {
    const limitBytes = config.get('memory.log.bytes') ?? Math.floor(memoryBytes() / 2)
    return new MemoryStorage({ time, buffers, logger, limitBytes })
  }
  return new SegmentStorage({
    // DescribeLogDirs tells whole paths, as Kafka's does.
    directory: resolve(config.dataDirectory),
    otherDirectories: config.otherDirectories.map((path) => resolve(path)),
    files,
    buffers,
    time,
    random,
    logger,
    durability: config.get('durability') as Durability,
    threads: threadPoolSize(),
    unwrittenBytesMax: memory.unwritten,
    indexBytesMax: memory.indexes,
    checkpointIntervals: {
      recoveryPointMs: config.get('log.flush.offset.checkpoint.interval.ms'),
      highWatermarkMs: config.get('replica.high.watermark.checkpoint.interval.ms'),
    },
  })
}

export function startLogTasks(cluster: Cluster, config: BrokerConfig, { time, logger }: Environment): LogTasks {
  const inMemory = config.get('storage.type') === 'memory'
  const times = {
    initialDelayMs: config.get('log.initial.task.delay.ms'),
    retentionCheckMs: config.get('log.retention.check.interval.ms'),
    checkpointMs: inMemory ? null : config.get('log.flush.offset.checkpoint.interval.ms'),
    flushMs: !inMemory && config.get('durability') === 'page-cache' ? config.get('log.flush.scheduler.interval.ms') : null,
  }
  const tasks = new LogTasks({ logs: () => cluster.partitionLogs(), unsaved: cluster.unsavedBytes, times, time, logger })
  tasks.start()
  return tasks
}

export function startLogCleaner(
  cluster: Cluster,
  node: ClusterNode,
  environment: Environment,
  bug: (error: Error) => void,
): LogCleaner {
  const settings = () => cleanerSettingsOf(node.config)
  const cleaner = new LogCleaner({ logs: () => cluster.partitionLogs(), settings, environment, bug })
  cleaner.start()
  return cleaner
}

/** The topics that the settings ask for, where they do not exist. */
async function createStartTopics(
  cluster: Cluster,
  config: BrokerConfig,
  { random }: Environment,
  ignoresCase: boolean,
): Promise<void> {
  const asked = config.get('topics').flatMap((text) => {
    const topic = parseTopic(text)
    return topic === null || cluster.image.topicsByName.has(topic.name) ? [] : [topic]
  })
  if (asked.length === 0) return
  const topics = asked.map(({ name, partitions }) => ({ ...topicByDefault(name, config), numPartitions: partitions ?? -1 }))
  const made = await cluster.change((image) =>
    decideTopicCreation(image, topics, { config, random, ignoresCase, validateOnly: false }),
  )
  for (const { name, error } of made) {
    if (error !== null) throw new StartError(`The topic ${name} cannot be created: ${error.message}`)
  }
}

interface Owners {
  readonly options: Pick<SettledOptions, 'config' | 'inImage'>
  readonly cluster: Cluster
  readonly node: ClusterNode
  readonly coordinators: Coordinators
  readonly server: Pick<Server, 'outgoing' | 'watchUnsent'>
  readonly storage: Storage
  readonly ignoresCase: boolean
  readonly environment: Environment
}

/** What the handlers are given; the simulation builds it too, without sockets. */
export function services({ options, cluster, node, coordinators, server, storage, ignoresCase, environment }: Owners): Services {
  const { config } = options
  const { time, real, random } = environment
  const explicit = config.listeners.filter(({ name }) => (config.advertised(name)?.host ?? '') !== '')
  return {
    table: apiTable,
    cluster,
    node,
    groups: coordinators.groups,
    transactions: coordinators.transactions,
    transactionMarkers: coordinators.transactionMarkers,
    transactionVerifier: coordinators.transactionVerifier,
    producerIds: coordinators.producerIds,
    fetch: new FetchService({
      slots: config.get('max.incremental.fetch.session.cache.slots'),
      fetchBytesMax: config.get('fetch.max.bytes'),
      outgoing: server.outgoing,
      waitsForRoom: () => server.watchUnsent(),
      time,
      real,
      random,
    }),
    advertising: new Advertising({
      node,
      advertised: new Set(explicit.map(({ name }) => name)),
      defaultGateway: options.inImage === true ? defaultGateway() : null,
    }),
    whenWritable: () => storage.whenWritable(),
    ignoresCase,
    environment,
  }
}

/** What is registered, and told to clients where `advertised.listeners` says it. */
function advertisedEndpoints(config: BrokerConfig, server: Server): readonly Endpoint[] {
  return server.listeners.map(({ name, addresses, port }) => {
    const advertised = config.advertised(name)
    const host = advertised?.host || reachable(addresses[0] ?? '')
    return { name, host, port: advertised?.port || port, securityProtocol: 0 }
  })
}

/** An address of this machine for one that stands for all of them. */
const reachable = (address: string): string => (address === '::' || address === '0.0.0.0' ? 'localhost' : address)

function advertisedSentence(config: BrokerConfig, listener: string, inImage: boolean): string {
  const advertised = config.advertised(listener)
  if (advertised !== undefined && advertised.host !== '')
    return `Clients are told ${formatAddress(advertised.host, advertised.port)}.`
  const gateway = inImage ? ' Clients that come through a mapped port are told localhost.' : ''
  return `Clients are told the address by which they came.${gateway}`
}

/** Node 20 lacks Promise.withResolvers. */
function withResolvers() {
  let resolve: () => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((settle, refuse) => {
    resolve = settle
    reject = refuse
  })
  return { promise, resolve, reject }
}
