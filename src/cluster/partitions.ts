import type { BrokerConfig } from '../config/broker-config.ts'
import { resolveTopicConfig } from '../config/topic-config.ts'
import type { Environment } from '../environment/environment.ts'
import type { LogConfig } from '../log/log-config.ts'
import { type OpenPartitionLogOptions, openPartitionLog } from '../log/open-partition-log.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { UnsavedBytes } from '../log/unsaved-bytes.ts'
import type { Durability, PartitionId, Storage } from '../storage/storage.ts'
import type { LogDirectories } from './log-directories.ts'
import { ConfigResource, configsOf, type MetadataImage, type PartitionImage, type TopicImage } from './metadata-image.ts'
import { OffsetFiles } from './offset-files.ts'
import { UnopenedLogs } from './unopened-logs.ts'

/** How many logs are opened at once: opening reads files, and the reads of those who wait share the threads. */
const OPENING_MAX = 8

export interface PartitionsOptions {
  readonly storage: Storage
  readonly directories: LogDirectories
  /** At the start. */
  readonly image: MetadataImage
  readonly environment: Environment
  readonly openLog?: (options: OpenPartitionLogOptions) => Promise<PartitionLog>
  /** The settings that hold now. */
  readonly config: () => BrokerConfig
  /** A log that failed has cut itself to what it promised, and takes appends again under a higher leader epoch. */
  readonly awaitsLeaderEpoch: (log: PartitionLog) => void
}

/** `null`: the log could not be opened, or is being opened. */
type Slot = PartitionLog | null

/** The logs of all partitions, opened and closed as the image says; the nodes of a process share them. */
export class Partitions {
  readonly unsaved = new UnsavedBytes()
  readonly #options: PartitionsOptions
  readonly #topics = new Map<string, Slot[]>()
  readonly #offsetFiles: OffsetFiles
  readonly #unopened: UnopenedLogs
  /** The one that was followed last. */
  #image: MetadataImage

  constructor(options: PartitionsOptions) {
    this.#options = options
    this.#image = options.image
    this.#unopened = new UnopenedLogs(options.environment.real)
    this.#offsetFiles = new OffsetFiles(options.directories, options.image, options.environment.logger)
  }

  /** Undefined: there is no such partition here. Null: there is, and its log cannot be used; asking may set off another try. */
  get(topicId: string, partition: number): PartitionLog | null | undefined {
    const log = this.#topics.get(topicId)?.[partition]
    if (log === null) this.#unopened.retry(topicId, partition, () => this.#openAgain(topicId, partition))
    return log
  }

  /** Opens what is not open yet and tells the open ones who leads. A log that cannot be opened is named and left out. */
  async follow(image: MetadataImage, topics: Iterable<TopicImage>): Promise<void> {
    this.#image = image
    const opening: (() => Promise<void>)[] = []
    for (const topic of topics) {
      const slots = this.#topics.get(topic.id) ?? []
      this.#topics.set(topic.id, slots)
      const config = once(() => this.#configOf(image, topic))
      for (const partition of topic.partitions) {
        const log = slots[partition.partition]
        if (log === undefined) opening.push(() => this.#open(topic, partition, slots, config()))
        else if (log !== null) followLeader(log, partition)
      }
    }
    await inParallel(opening, OPENING_MAX)
  }

  #configOf(image: MetadataImage, topic: TopicImage): LogConfig {
    return resolveTopicConfig(configsOf(image, ConfigResource.topic, topic.name), this.#options.config())
  }

  async #open(topic: TopicImage, partition: PartitionImage, slots: Slot[], logConfig: LogConfig): Promise<void> {
    const { storage, directories, environment, openLog = openPartitionLog, awaitsLeaderEpoch } = this.#options
    const config = this.#options.config()
    slots[partition.partition] = null
    try {
      const id = { topicId: topic.id, topic: topic.name, partition: partition.partition }
      const directory = directories.placeOf(id, partition.directories[0])
      const log = await openLog({
        storage,
        environment,
        id,
        directory,
        config: logConfig,
        leaderEpoch: partition.leaderEpoch,
        durability: config.get('durability') as Durability,
        unsaved: this.unsaved,
        producerIdExpirationMs: config.get('producer.id.expiration.ms'),
        ...(await this.#offsetFiles.of(directory)),
      })
      slots[partition.partition] = log
      log.watch(() => {
        if (log.awaitsLeaderEpoch) awaitsLeaderEpoch(log)
      })
      const name = `${topic.name}-${partition.partition}`
      if (this.#unopened.opened(topic.id, partition.partition))
        environment.logger.info({ partition: name }, `The log of ${name} is open now.`)
    } catch (error) {
      this.#notOpened(topic, partition, error)
    }
  }

  #notOpened(topic: TopicImage, { partition }: PartitionImage, error: unknown): void {
    if (!this.#unopened.failed(topic.id, partition)) return
    const name = `${topic.name}-${partition}`
    this.#options.environment.logger.error(
      { err: error, partition: name },
      `The log of ${name} cannot be opened; requests for it are answered KAFKA_STORAGE_ERROR, and it is tried again while there are any.`,
    )
  }

  /** What was changed while it was not open holds for it too. */
  async #openAgain(topicId: string, partition: number): Promise<void> {
    const topic = this.#image.topicsById.get(topicId)
    const [image, slots] = [topic?.partitions[partition], this.#topics.get(topicId)]
    if (topic === undefined || image === undefined || slots === undefined) return
    await this.#open(topic, image, slots, this.#configOf(this.#image, topic))
    const [log, now] = [slots[partition], this.#image.topicsById.get(topicId)]
    const current = now?.partitions[partition]
    if (log === null || log === undefined || now === undefined || current === undefined) return
    log.configure(this.#configOf(this.#image, now))
    followLeader(log, current)
  }

  /** Gives the open logs of these topics the settings that hold now. */
  configure(image: MetadataImage, topics: Iterable<TopicImage>): void {
    this.#image = image
    for (const topic of topics) {
      const config = this.#configOf(image, topic)
      for (const log of this.#topics.get(topic.id) ?? []) log?.configure(config)
    }
  }

  /** Deletes the logs of topics that are no more. What cannot be deleted is named, and is nobody's from then on. */
  async remove(topics: Iterable<TopicImage>): Promise<void> {
    const { logger } = this.#options.environment
    const deleting: (() => Promise<void>)[] = []
    for (const topic of topics) {
      const slots = this.#topics.get(topic.id) ?? []
      this.#topics.delete(topic.id)
      for (const [partition, log] of slots.entries()) {
        const name = `${topic.name}-${partition}`
        const id = { topicId: topic.id, topic: topic.name, partition }
        this.#options.directories.forget(id)
        deleting.push(async () => {
          if (log === null) await this.#unopened.forget(topic.id, partition)
          await (slots[partition]?.delete() ?? this.#deleteUnopened(id)).catch((error: unknown) =>
            logger.error({ err: error, partition: name }, `${name} could not be deleted.`),
          )
        })
      }
    }
    await inParallel(deleting, OPENING_MAX)
  }

  /** What could not be opened goes too: a topic made later under the name must not begin where this one did. */
  async #deleteUnopened(id: PartitionId): Promise<void> {
    await this.#offsetFiles.forget(id.topic, id.partition)
    await this.#options.storage.deletePartition(id)
  }

  /** Those that are open. */
  *logs(): Generator<PartitionLog, void, undefined> {
    for (const slots of this.#topics.values()) {
      for (const log of slots) if (log !== null && log !== undefined) yield log
    }
  }

  /** False: a log could not be left as a clean start needs it. The others are closed all the same. */
  async close(): Promise<boolean> {
    await this.#unopened.stop()
    const logs = [...this.logs()]
    const unopened = [...this.#unopenedNames()]
    const failures: { readonly err: unknown; readonly partition: string }[] = []
    const closeOne = (log: PartitionLog): Promise<void> =>
      log.close().catch((err: unknown) => void failures.push({ err, partition: `${log.id.topic}-${log.id.partition}` }))
    this.#topics.clear()
    await inParallel(
      logs.map((log) => () => closeOne(log)),
      OPENING_MAX,
    )
    const [first] = failures
    if (first === undefined) return this.#sayUnopened(unopened)
    const others = failures.length > 1 ? ` and ${failures.length - 1} others` : ''
    this.#options.environment.logger.error(
      { ...first, count: failures.length },
      `The log of ${first.partition}${others} could not be closed in order; the next start recovers.`,
    )
    return false
  }

  /** A clean stop would vouch for them, though a crash before may have left them in need of recovery. */
  #sayUnopened(names: readonly string[]): boolean {
    const [first] = names
    if (first === undefined) return true
    const others = names.length > 1 ? ` and ${names.length - 1} others` : ''
    this.#options.environment.logger.warn(
      { partition: first, count: names.length },
      `The log of ${first}${others} was not open; the next start recovers.`,
    )
    return false
  }

  /** Those that could not be opened, though their directory can be used: of another the directory itself keeps the account. */
  *#unopenedNames(): Generator<string, void, undefined> {
    for (const [topicId, slots] of this.#topics) {
      const topic = this.#image.topicsById.get(topicId)
      for (const { partition, directories } of topic?.partitions ?? []) {
        if (topic === undefined || slots[partition] !== null) continue
        if (this.#options.directories.isUsable({ topicId, topic: topic.name, partition }, directories[0]))
          yield `${topic.name}-${partition}`
      }
    }
  }
}

function followLeader(log: PartitionLog, { leader, leaderEpoch }: PartitionImage): void {
  if (leader < 0) log.resign()
  else if (leaderEpoch !== log.leaderEpoch) log.becomeLeader(leaderEpoch)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

async function inParallel(tasks: readonly (() => Promise<void>)[], countMax: number): Promise<void> {
  const line = tasks.values()
  const worker = async (): Promise<void> => {
    for (const task of line) await task()
  }
  await Promise.all(Array.from({ length: Math.min(countMax, tasks.length) }, worker))
}
