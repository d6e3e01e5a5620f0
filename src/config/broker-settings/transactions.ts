import { accepted, refused, used } from '../setting.ts'
import * as refusals from './refusals.ts'

/** Transactions, idle producers, and the topic that remembers them. */
export const transactionSettings = {
  'transactional.id.expiration.ms': used.int(604800000, 'The milliseconds after which an idle transactional id is forgotten.', {
    min: 1,
    importance: 'high',
  }),
  'transaction.max.timeout.ms': used.int(
    900000,
    'The longest transaction timeout that a producer may ask for, in milliseconds.',
    { min: 1, importance: 'high' },
  ),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': used.int(
    10000,
    'The milliseconds between two looks for transactions that timed out.',
    { min: 1, importance: 'low' },
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': used.int(
    3600000,
    'The milliseconds between two looks for transactional ids to forget.',
    { min: 1, importance: 'low' },
  ),
  'transaction.partition.verification.enable': used.boolean(
    true,
    'Whether a transactional append first asks if the partition is part of the transaction.',
    { importance: 'low', update: 'cluster-wide' },
  ),
  'transaction.two.phase.commit.enable': refused.boolean(
    false,
    'Whether producers may prepare transactions for a coordinator of their own.',
    { importance: 'low', refuse: refusals.twoPhaseCommit },
  ),
  'transaction.state.log.num.partitions': used.int(50, 'The partitions of __transaction_state, fixed when it is created.', {
    min: 1,
    importance: 'high',
  }),
  'transaction.state.log.replication.factor': used.short(
    3,
    'The replicas of __transaction_state, at most the nodes that exist.',
    { min: 1, importance: 'high' },
  ),
  'transaction.state.log.min.isr': used.int(2, 'The min.insync.replicas of __transaction_state.', { min: 1, importance: 'high' }),
  'transaction.state.log.segment.bytes': used.int(104857600, 'The bytes of a segment of __transaction_state.', {
    min: 1,
    importance: 'high',
  }),
  'transaction.state.log.load.buffer.size': accepted.int(5242880, 'The bytes read at once when transactions are loaded.', {
    min: 1,
    importance: 'high',
  }),
  'producer.id.expiration.ms': used.int(86400000, 'The milliseconds after which a partition forgets an idle producer.', {
    min: 1,
    importance: 'low',
    update: 'cluster-wide',
  }),
  'producer.id.expiration.check.interval.ms': used.int(600000, 'The milliseconds between two looks for producers to forget.', {
    min: 1,
    importance: 'low',
    internal: true,
  }),
  'add.partitions.to.txn.retry.backoff.ms': used.int(
    20,
    'The milliseconds between two tries to begin a transaction while the one before ends.',
    { min: 1, importance: 'high' },
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': used.int(
    100,
    'How long, in milliseconds, a Produce waits so before its client is told to come again.',
    { min: 0, importance: 'high' },
  ),
}
