// @confluentinc/kafka-javascript at work on its own: a member that reads and commits, and a loop of read, process, write under transactions.
import { tell } from '../command-loop.js'

const assignPartitions = -175

/** Tells what the member is given and asked to give; the client waits for what is under way, and then gives. */
function tellRebalances(member) {
  return async (error, assignment, { assignmentLost }) => {
    const partitions = assignment.map(({ partition }) => partition)
    if (error.code === assignPartitions) tell('assigned', member, { generation: null, partitions })
    else tell(assignmentLost() ? 'lost' : 'revoked', member, { partitions })
  }
}

export async function work(kafka, { member, group, topic, protocol, instance, assignor }) {
  const timeouts = { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 500 }
  const consumer = kafka.consumer({
    kafkaJS: { groupId: group, fromBeginning: true, autoCommit: false },
    'fetch.wait.max.ms': 200,
    'group.protocol': protocol,
    ...(protocol === 'classic' ? timeouts : {}),
    ...(instance ? { 'group.instance.id': instance } : {}),
    ...(assignor ? { 'partition.assignment.strategy': assignor } : {}),
    rebalance_cb: tellRebalances(member),
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({
    eachBatch: async ({ batch, isStale }) => {
      if (isStale()) return
      const { partition } = batch
      tell('records', member, { records: batch.messages.map(({ offset, value }) => [partition, Number(offset), String(value)]) })
      const next = Number(batch.messages.at(-1).offset) + 1
      try {
        await consumer.commitOffsets([{ topic, partition, offset: String(next) }])
        tell('committed', member, { offsets: [[partition, next]] })
      } catch (error) {
        tell('refused', member, { error: String(error) })
      }
    },
  })
  return () => consumer.disconnect()
}

/** Each fifth transaction is aborted when all is sent, and its records come again. */
export async function transact(kafka, { member, group, protocol, from, to, transactionalId }) {
  const producer = kafka.producer({
    kafkaJS: { transactionalId },
    'transaction.timeout.ms': 10_000,
    'socket.timeout.ms': 10_000,
    'linger.ms': 1,
    // When its only broker is gone, librdkafka forgets it, but goes on to wait for the group's coordinator that it was, beyond any timeout
    // (its issues 5511 and 5456).
    'metadata.recovery.strategy': 'none',
  })
  const consumer = kafka.consumer({
    kafkaJS: { groupId: group, fromBeginning: true, autoCommit: false, readUncommitted: false },
    'fetch.wait.max.ms': 200,
    'group.protocol': protocol,
    ...(protocol === 'classic' ? { 'session.timeout.ms': 3_000, 'heartbeat.interval.ms': 300 } : {}),
    rebalance_cb: tellRebalances(member),
  })
  let transactions = 0

  async function pass({ partition, messages }) {
    const commits = ++transactions % 5 !== 0
    const transaction = await producer.transaction()
    try {
      await transaction.send({ topic: to, messages: messages.map(({ key, value }) => ({ key, value })) })
      const offset = String(Number(messages.at(-1).offset) + 1)
      await transaction.sendOffsets({ consumer, topics: [{ topic: from, partitions: [{ partition, offset }] }] })
      await (commits ? transaction.commit() : transaction.abort())
    } catch (error) {
      tell('refused', member, { error: String(error?.stack ?? error) })
      // Any other error leaves a producer that is of no use: the runner starts another.
      await transaction.abort().catch(() => process.exit(1))
      tell('transaction', member, { committed: false, count: messages.length })
      return false
    }
    tell('transaction', member, { committed: commits, count: messages.length })
    return commits
  }

  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [from] })
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, isStale }) => {
      for (let at = 0; at < batch.messages.length && !isStale(); ) {
        const messages = batch.messages.slice(at, at + 20)
        // What is not resolved comes again.
        if (!(await pass({ partition: batch.partition, messages }))) return
        at += messages.length
        resolveOffset(messages.at(-1).offset)
      }
    },
  })
  return async () => {
    await consumer.disconnect()
    await producer.disconnect()
  }
}
