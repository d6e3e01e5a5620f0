// Drives @confluentinc/kafka-javascript through the interface that it took over from kafkajs.
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MemberMemory, runCommands } from '../command-loop.js'
import { transact, work } from './workers.js'

const require = createRequire(join(process.env.GRETE_CACHE, 'npm', 'package.json'))
const { Kafka, logLevel } = require('@confluentinc/kafka-javascript').KafkaJS

const kafka = new Kafka({
  kafkaJS: { clientId: 'confluent-kafka-javascript', brokers: [process.argv[2]], logLevel: logLevel.NOTHING },
})
const members = new Map()

async function withAdmin(work) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

function toRecord(topic, partition, message) {
  const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, value.toString()]))
  const { key, value, offset } = message
  return { topic, partition, offset: Number(offset), key: key.toString(), value: value.toString(), headers }
}

async function open({ member, group, topic, limit }) {
  const memory = new MemberMemory(limit)
  const consumer = kafka.consumer({
    kafkaJS: { groupId: group, fromBeginning: true, autoCommit: false, sessionTimeout: 10_000, heartbeatInterval: 500 },
    'fetch.wait.max.ms': 200,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  members.set(member, { consumer, memory })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      memory.take(toRecord(topic, partition, message))
      if (memory.full) consumer.pause([{ topic }])
    },
  })
}

function handOut({ consumer, memory }) {
  memory.assignment = consumer.assignment().map(({ partition }) => partition)
  return memory.handOut()
}

async function readAll({ topics }) {
  const records = []
  const ends = new Map()
  await withAdmin(async (admin) => {
    for (const topic of topics)
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        if (Number(high) > 0) ends.set(`${topic}/${partition}`, Number(high))
  })
  const consumer = kafka.consumer({
    kafkaJS: { groupId: `confluent-${randomUUID()}`, fromBeginning: true, autoCommit: false },
    'fetch.wait.max.ms': 200,
  })
  await consumer.connect()
  await consumer.subscribe({ topics })
  await new Promise((resolve, reject) => {
    if (ends.size === 0) resolve()
    const eachMessage = async ({ topic, partition, message }) => {
      const record = toRecord(topic, partition, message)
      records.push(record)
      if (record.offset + 1 >= ends.get(`${topic}/${partition}`)) ends.delete(`${topic}/${partition}`)
      if (ends.size === 0) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return { records }
}

const workers = new Map()

await runCommands({
  open,
  readAll,
  work: async (request) => {
    workers.set(request.member, await work(kafka, request))
  },
  transact: async (request) => {
    workers.set(request.member, await transact(kafka, request))
  },
  leave: ({ member }) => workers.get(member)(),
  createTopic: async ({ topic, partitions }) => {
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] }))
  },
  produce: async ({ topic, codec, headers, records }) => {
    const producer = kafka.producer({ kafkaJS: { acks: -1 }, 'compression.codec': codec, 'linger.ms': 20 })
    await producer.connect()
    await producer.send({ topic, messages: records.map((record) => ({ ...record, headers })) })
    await producer.disconnect()
  },
  poll: async ({ member }) => handOut(members.get(member)),
  commit: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    await consumer.commitOffsets(
      [...memory.positions.values()].map((position) => ({ ...position, offset: String(position.offset) })),
    )
    return memory.handOut()
  },
  close: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    members.delete(member)
    await consumer.disconnect()
    return memory.handOut()
  },
})
