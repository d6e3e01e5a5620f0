import { ZERO_UUID } from '../../protocol/schema/field.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import { resolveConfig, settingsSource } from '../config/resolve-config.ts'
import { Buffers } from '../environment/buffers.ts'
import type { Environment } from '../environment/environment.ts'
import type { Files } from '../environment/files.ts'
import { seededRandom } from '../environment/random.ts'
import { RecordingLogger } from '../environment/recording-logger.ts'
import { SimulatedClock } from '../environment/simulated-clock.ts'
import { SystemFiles } from '../environment/system-files.ts'
import { MemoryStorage } from '../storage/memory/memory-storage.ts'
import { SegmentStorage } from '../storage/segments/segment-storage.ts'
import type { Storage } from '../storage/storage.ts'
import type { Cluster } from './cluster.ts'
import type { NodeRegistration } from './cluster-start.ts'
import type { TopicImage } from './metadata-image.ts'
import { openCluster } from './open-cluster.ts'
import { type CreatedTopic, decideTopicCreation, type NewTopic } from './topic-creation.ts'
import { decideTopicDeletion } from './topic-deletion.ts'

export const testListener = { name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, securityProtocol: 0 }

interface TestClusterOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly nodeIds?: readonly number[]
  /** A directory for segments; without it everything is in memory. */
  readonly directory?: string
  readonly otherDirectories?: readonly string[]
  /** The disk, if not the real one. */
  readonly files?: Files
}

export const testConfig = (settings: Readonly<Record<string, string>> = {}): BrokerConfig =>
  resolveConfig([settingsSource(settings, 'test')]).config

/** A cluster of a test, which can be stopped, or left as a crash leaves it, and opened again. */
export class TestCluster {
  readonly clock = new SimulatedClock()
  readonly logger = new RecordingLogger()
  readonly environment: Environment
  readonly config: BrokerConfig
  readonly #nodes: readonly [NodeRegistration, ...NodeRegistration[]]
  readonly #newStorage: () => Storage
  storage: Storage
  cluster!: Cluster

  private constructor(options: TestClusterOptions) {
    this.config = testConfig({ 'node.id': '1', ...options.settings })
    const buffers = new Buffers()
    const { clock, logger } = this
    const files = options.files ?? new SystemFiles()
    const random = seededRandom(7)
    this.environment = { time: clock, real: clock, random, logger, files, buffers }
    const { directory, otherDirectories = [] } = options
    const segments = { otherDirectories, files, buffers, time: clock, random, logger, durability: 'fsync', threads: 4 } as const
    const memory = new MemoryStorage({ time: clock, buffers, logger, limitBytes: 64 << 20 })
    this.#newStorage = () => (directory === undefined ? memory : new SegmentStorage({ ...segments, directory }))
    this.storage = this.#newStorage()
    const [first = this.config.nodeId, ...others] = options.nodeIds ?? [this.config.nodeId]
    const node = (id: number): NodeRegistration => ({ id, rack: null, endpoints: [testListener] })
    this.#nodes = [node(first), ...others.map(node)]
  }

  static async open(options: TestClusterOptions = {}): Promise<TestCluster> {
    const test = new TestCluster(options)
    await test.start()
    return test
  }

  /** Not started: a test puts things into the storage first. */
  static prepare(options: TestClusterOptions = {}): TestCluster {
    return new TestCluster(options)
  }

  async start(): Promise<void> {
    const { storage, environment, config } = this
    this.cluster = await openCluster({ storage, environment, config, nodes: this.#nodes })
  }

  /** A clean stop and a start. */
  async restart(): Promise<void> {
    await this.cluster.stop()
    this.storage = this.#newStorage()
    await this.start()
  }

  /** Closes what is open without a word to the metadata log, and starts. */
  async crash(): Promise<void> {
    await this.storage.close(null)
    this.storage = this.#newStorage()
    await this.start()
  }

  create(topic: Partial<NewTopic> & { readonly name: string }): Promise<readonly CreatedTopic[]> {
    const { config, environment } = this
    const wanted = { numPartitions: -1, replicationFactor: -1, assignments: [], configs: [], ...topic }
    return this.cluster.change((image) =>
      decideTopicCreation(image, [wanted], { config, random: environment.random, validateOnly: false }),
    )
  }

  async delete(name: string): Promise<void> {
    await this.cluster.change((image) => decideTopicDeletion(image, [{ name, topicId: ZERO_UUID }]))
  }

  topic(name: string): TopicImage {
    const topic = this.cluster.image.topicsByName.get(name)
    if (topic === undefined) throw new Error(`no topic ${name}`)
    return topic
  }
}
