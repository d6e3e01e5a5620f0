import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { BrokerProcess } from '../broker-process.ts'
import { randomBelow } from '../random-below.ts'

/*
 * What acks=all was answered for is there after a kill -9, at its offset: 50 kills in the middle of produce on one data directory.
 */

const KILLS = 50
const IN_FLIGHT = 8
const PARTITIONS = 3
const topic = 'killed'

/** Acknowledged values by partition and offset. */
type Acknowledged = Map<number, Map<string, string>>

const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
const random = randomBelow(seed)

let broker: BrokerProcess
let kafka: Kafka

beforeAll(async () => {
  console.log(`KILL_SEED=${seed}`)
  broker = await BrokerProcess.start()
  kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] })
  await admin.disconnect()
})

afterAll(() => broker.stop())

/** Sends batch after batch, several at a time, until `acks` of them were acknowledged; then kills the broker while others are under way. */
async function produceUntilKilled(producer: Producer, round: number, acks: number, acknowledged: Acknowledged): Promise<void> {
  let count = 0
  let next = 0
  let killed: Promise<number | null> | null = null
  const sender = async (): Promise<void> => {
    while (killed === null) {
      const partition = next % PARTITIONS
      const values = Array.from({ length: 1 + random(20) }, (_, index) => `${round}/${next}/${index}/${'x'.repeat(random(500))}`)
      next++
      try {
        const messages = values.map((value) => ({ value, partition }))
        const [answer] = await producer.send({ topic, acks: -1, messages })
        const base = BigInt(answer?.baseOffset ?? '-1')
        const known = acknowledged.get(partition) ?? new Map<string, string>()
        acknowledged.set(partition, known)
        for (const [index, value] of values.entries()) known.set(String(base + BigInt(index)), value)
        count++
      } catch (error) {
        // What is under way at the kill fails, and was not promised.
        if (killed === null) throw error
      }
      if (count >= acks) killed ??= broker.end('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  await killed
}

async function readAll(): Promise<Acknowledged> {
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const read: Acknowledged = new Map()
  const left = new Set(ends.filter(({ high }) => high !== '0').map(({ partition }) => partition))
  const consumer = kafka.consumer({ groupId: 'reader' })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    const run = consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const values = read.get(partition) ?? new Map<string, string>()
        read.set(partition, values.set(message.offset, String(message.value)))
        const end = ends.find((one) => one.partition === partition)?.high ?? '0'
        if (BigInt(message.offset) + 1n >= BigInt(end)) left.delete(partition)
        if (left.size === 0) resolve()
      },
    })
    run.catch(reject)
  })
  await consumer.disconnect()
  return read
}

test('every record that acks=all acknowledged is at its offset after 50 kills', async () => {
  const acknowledged: Acknowledged = new Map()
  for (let round = 0; round < KILLS; round++) {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, retry: { retries: 0 } })
    await producer.connect()
    await produceUntilKilled(producer, round, 1 + random(40), acknowledged)
    await producer.disconnect().catch(() => {})
    await broker.start()
  }
  const read = await readAll()
  let count = 0
  const wrong: string[] = []
  for (const [partition, values] of acknowledged) {
    for (const [offset, value] of values) {
      count++
      if (read.get(partition)?.get(offset) !== value) wrong.push(`${partition}@${offset}`)
    }
  }
  console.log(`${count} acknowledged records, ${KILLS} kills`)
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(KILLS)
}, 300_000)
