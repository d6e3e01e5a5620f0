// kafkajs at work on its own: a member that reads and commits, and a loop of read, process, write under transactions. Each gives what ends it.
import kafkajs from 'kafkajs'
import { tell } from '../command-loop.js'

const { Partitioners } = kafkajs

/** Tells which partitions the member has, and in which generation, which kafkajs says only in a heartbeat. */
function tellAssignments(consumer, member, topic) {
  let owned = []
  let generation
  const give = (kind) => {
    if (owned.length > 0) tell(kind, member, { partitions: owned })
    owned = []
    generation = undefined
  }
  const noteGeneration = ({ payload }) => {
    if (owned.length === 0 || generation === payload.groupGenerationId) return
    generation = payload.groupGenerationId
    tell('generation', member, { generation })
  }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    // It joins anew without a word when the coordinator does not know it any more.
    give('lost')
    owned = payload.memberAssignment[topic] ?? []
    tell('assigned', member, { generation: null, partitions: owned })
  })
  consumer.on(consumer.events.HEARTBEAT, noteGeneration)
  consumer.on(consumer.events.COMMIT_OFFSETS, noteGeneration)
  consumer.on(consumer.events.REBALANCING, () => give('revoked'))
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) give('lost')
    else tell('failed', member, { error: String(payload.error) })
  })
  return () => give('revoked')
}

export async function work(kafka, { member, group, topic }) {
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6_000, heartbeatInterval: 500, maxWaitTimeInMs: 200 })
  const giveAll = tellAssignments(consumer, member, topic)
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
      if (!isRunning() || isStale()) return
      const { partition } = batch
      tell('records', member, { records: batch.messages.map(({ offset, value }) => [partition, Number(offset), String(value)]) })
      const next = BigInt(batch.lastOffset()) + 1n
      resolveOffset(batch.lastOffset())
      try {
        await consumer.commitOffsets([{ topic, partition, offset: String(next) }])
        tell('committed', member, { offsets: [[partition, Number(next)]] })
      } catch (error) {
        tell('refused', member, { error: String(error) })
        throw error
      }
      await heartbeat()
    },
  })
  return async () => {
    giveAll()
    await consumer.disconnect()
  }
}

/**
 * kafkajs sends no generation with a transaction's offsets, so there is to be one at a time, and any failure ends the process: what comes after it
 * begins with InitProducerId, which waits for the end of the transaction before.
 */
export async function transact(kafka, { member, group, from, to, transactionalId }) {
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 10_000,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: 3_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 })
  const end = (error) => {
    tell('refused', member, { error: String(error?.stack ?? error) })
    process.exit(1)
  }
  consumer.on(consumer.events.CRASH, ({ payload }) => end(payload.error))
  consumer.on(consumer.events.REBALANCING, () => end('rebalancing'))
  // It also joins anew by itself, and then asks for offsets that a transaction under way may still change: it cannot ask for stable ones.
  let joined = false
  consumer.on(consumer.events.GROUP_JOIN, () => {
    if (joined) end('joined again')
    joined = true
  })
  let transactions = 0

  /** One transaction; each fifth is aborted when all is sent, and the records come again. */
  async function pass(batch, messages) {
    const commits = ++transactions % 5 !== 0
    const transaction = await producer.transaction()
    await transaction.send({ topic: to, acks: -1, messages: messages.map(({ key, value }) => ({ key, value })) })
    const offset = String(BigInt(messages.at(-1).offset) + 1n)
    const partitions = [{ partition: batch.partition, offset }]
    await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic: from, partitions }] })
    await (commits ? transaction.commit() : transaction.abort())
    tell('transaction', member, { committed: commits, count: messages.length })
    return commits
  }

  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
      for (let at = 0; at < batch.messages.length && isRunning() && !isStale(); ) {
        const messages = batch.messages.slice(at, at + 20)
        const committed = await pass(batch, messages).catch(end)
        if (committed) {
          at += messages.length
          resolveOffset(messages.at(-1).offset)
        }
        await heartbeat()
      }
    },
  })
  return async () => {
    await consumer.disconnect()
    await producer.disconnect()
  }
}
