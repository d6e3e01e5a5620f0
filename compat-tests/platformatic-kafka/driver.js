// Drives @platformatic/kafka.
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MemberMemory, runCommands } from '../command-loop.js'

const require = createRequire(join(process.env.GRETE_CACHE, 'npm', 'package.json'))
const { Admin, Consumer, Producer, stringDeserializers, stringSerializers } = require('@platformatic/kafka')

const connection = { clientId: 'platformatic-kafka', bootstrapBrokers: [process.argv[2]] }
const members = new Map()

function createConsumer(groupId) {
  const timing = { sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTime: 200 }
  return new Consumer({ ...connection, ...timing, groupId, autocommit: false, deserializers: stringDeserializers })
}

function toRecord({ topic, partition, offset, key, value, headers }) {
  return { topic, partition, offset: Number(offset), key, value, headers: Object.fromEntries(headers) }
}

async function open({ member, group, topic, limit }) {
  const memory = new MemberMemory(limit)
  const consumer = createConsumer(group)
  const noteAssignment = () => {
    memory.assignment = consumer.assignments?.find((assignment) => assignment.topic === topic)?.partitions ?? []
  }
  consumer.on('consumer:group:join', noteAssignment)
  const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' })
  noteAssignment()
  stream.on('error', (error) => {
    memory.failure = error
  })
  stream.on('data', (message) => {
    memory.take(toRecord(message))
    if (memory.full) stream.pause()
  })
  members.set(member, { consumer, stream, memory })
}

async function readAll({ topics }) {
  const records = []
  const consumer = createConsumer(`platformatic-${randomUUID()}`)
  await consumer.topics.trackAll(...topics)
  const ends = new Map()
  const nexts = new Map()
  for (const [topic, offsets] of await consumer.listOffsets({ topics }))
    for (const [partition, end] of offsets.entries()) if (end > 0n) ends.set(`${topic}/${partition}`, end)
  const stream = await consumer.consume({ topics, mode: 'earliest' })
  if (ends.size > 0)
    for await (const message of stream) {
      const partition = `${message.topic}/${message.partition}`
      const next = nexts.get(partition) ?? 0n
      // Its stream looks up where to begin twice, as it opens and as it joins, and may give the first records twice.
      if (message.offset < next) continue
      nexts.set(partition, message.offset + 1n)
      records.push(toRecord(message))
      if (message.offset + 1n >= ends.get(partition)) ends.delete(partition)
      if (ends.size === 0) break
    }
  await consumer.close(true)
  return { records }
}

await runCommands({
  open,
  readAll,
  createTopic: async ({ topic, partitions }) => {
    const admin = new Admin(connection)
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
    await admin.close()
  },
  produce: async ({ topic, codec, headers, records }) => {
    const producer = new Producer({ ...connection, serializers: stringSerializers })
    const messages = records.map((record) => ({ topic, ...record, headers }))
    await producer.send({ acks: -1, compression: codec, messages })
    await producer.close()
  },
  poll: async ({ member }) => members.get(member).memory.handOut(),
  commit: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    const offsets = [...memory.positions.values()]
      .filter(({ partition }) => memory.assignment.includes(partition))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: BigInt(offset), leaderEpoch: 0 }))
    await consumer.commit({ offsets })
    return memory.handOut()
  },
  close: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    members.delete(member)
    await consumer.close(true)
    return memory.handOut()
  },
})
