import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { waitUntil } from '../../compat-tests/wait-until.ts'
import type { BrokerUnderBench } from './broker-under-bench.ts'
import { syncDisk } from './disk.ts'

/** How the names of topics begin that are cleared after each trial, and so those of their partitions' folders, marked for deletion or not. */
const clearedPrefix = 'bench-'

/** The topics that were made on a broker, by its address, to be deleted before another broker has its turn. */
const madeTopics = new Map<string, string[]>()

async function asAdmin<T>(address: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, requestTimeout: 120_000 })
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** kafkajs' own waiting for leaders gives up where a broker does not know yet what its controller has made. */
async function createTopic(admin: Admin, topic: string, numPartitions: number): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions }], timeout: 100_000, waitForLeaders: false })
  await waitUntil(
    async () => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
        const partitions = topics[0]?.partitions ?? []
        return (partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)) || undefined
      } catch {
        return undefined
      }
    },
    () => `${topic} has leaders`,
    60_000,
  )
}

/** A new topic; it is there when this is done. */
export async function makeTopic({ address }: BrokerUnderBench, partitions = 1): Promise<string> {
  const topic = `${clearedPrefix}${randomUUID()}`
  await asAdmin(address, (admin) => createTopic(admin, topic, partitions))
  madeTopics.set(address, [...(madeTopics.get(address) ?? []), topic])
  return topic
}

const partitionsOfTopicMax = 100

/** Many idle partitions, a hundred a topic, topic by topic. */
export async function makeIdlePartitions({ address }: BrokerUnderBench, partitions: number): Promise<void> {
  await asAdmin(address, async (admin) => {
    for (let left = partitions; left > 0; left -= partitionsOfTopicMax) {
      await createTopic(admin, `idle-${randomUUID()}`, Math.min(partitionsOfTopicMax, left))
    }
  })
}

/** Deletes what was made, and waits until its files are gone and the disk has nothing more to write: the next turn starts on a quiet one. */
export async function clearTopics({ name, address, dataFolder }: BrokerUnderBench): Promise<void> {
  const topics = madeTopics.get(address) ?? []
  madeTopics.delete(address)
  if (topics.length > 0) await asAdmin(address, (admin) => admin.deleteTopics({ topics, timeout: 60_000 }))
  if (dataFolder !== undefined) {
    await waitUntil(
      async () => !readdirSync(dataFolder).some((name) => name.startsWith(clearedPrefix)) || undefined,
      () => `${name} removes the files of deleted topics`,
      60_000,
    )
  }
  await syncDisk()
}
