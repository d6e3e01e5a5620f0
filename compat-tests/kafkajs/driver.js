// Drives kafkajs. Its snappy, lz4 and zstd are plug-ins; here they stand on libraries that its users take. All of them are the
// project's own dependencies, so that this driver runs without a set-up.
import { randomUUID } from 'node:crypto'
import * as zlib from 'node:zlib'
import kafkajs from 'kafkajs'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import { MemberMemory, runCommands } from '../command-loop.js'
import { transact, work } from './workers.js'

const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = kafkajs

const codecTypes = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

/** The Java client writes snappy in blocks behind xerial's header of 16 bytes, others write one raw block. */
function uncompressSnappy(bytes) {
  if (!bytes.subarray(0, 8).equals(Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])))
    return snappy.uncompressSync(bytes)
  const blocks = []
  for (let at = 16; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    blocks.push(snappy.uncompressSync(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async (encoder) => snappy.compressSync(encoder.buffer),
  decompress: async (bytes) => uncompressSnappy(bytes),
})
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder) => lz4.compressFrame(encoder.buffer),
  decompress: (bytes) => lz4.decompressFrame(bytes),
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => zlib.zstdCompressSync(encoder.buffer),
  decompress: async (bytes) => zlib.zstdDecompressSync(bytes),
})

const kafka = new Kafka({ clientId: 'kafkajs', brokers: [process.argv[2]], logLevel: logLevel.NOTHING })
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
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, value.toString()]))
  const { key, value, offset } = message
  return { topic, partition, offset: Number(offset), key: key.toString(), value: value.toString(), headers }
}

async function open({ member, group, topic, limit }) {
  const memory = new MemberMemory(limit)
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 200 })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    memory.assignment = payload.memberAssignment[topic] ?? []
  })
  consumer.on(consumer.events.REBALANCING, () => {
    memory.assignment = []
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) memory.failure = payload.error
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  members.set(member, { consumer, memory })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      memory.take(toRecord(topic, partition, message))
      if (memory.full) consumer.pause([{ topic }])
    },
  })
}

async function readAll({ topics }) {
  const records = []
  const ends = new Map()
  await withAdmin(async (admin) => {
    for (const topic of topics)
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        if (high !== '0') ends.set(`${topic}/${partition}`, Number(high))
  })
  // Without a group kafkajs reads nothing.
  const consumer = kafka.consumer({ groupId: `kafkajs-${randomUUID()}`, maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
    if (ends.size === 0) resolve()
    const eachMessage = async ({ topic, partition, message }) => {
      const record = toRecord(topic, partition, message)
      records.push(record)
      if (record.offset + 1 >= ends.get(`${topic}/${partition}`)) ends.delete(`${topic}/${partition}`)
      if (ends.size === 0) resolve()
    }
    consumer.run({ autoCommit: false, eachMessage }).catch(reject)
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
  createTopic: ({ topic, partitions }) =>
    withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] })).then(
      () => ({}),
    ),
  produce: async ({ topic, codec, headers, records }) => {
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = records.map((record) => ({ ...record, headers }))
    await producer.send({ topic, acks: -1, compression: codecTypes[codec], messages })
    await producer.disconnect()
  },
  poll: async ({ member }) => members.get(member).memory.handOut(),
  commit: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    const offsets = [...memory.positions.values()]
      .filter(({ partition }) => memory.assignment.includes(partition))
      .map((position) => ({ ...position, offset: String(position.offset) }))
    await consumer.commitOffsets(offsets)
    return memory.handOut()
  },
  close: async ({ member }) => {
    const { consumer, memory } = members.get(member)
    members.delete(member)
    await consumer.disconnect()
    return memory.handOut()
  },
})
