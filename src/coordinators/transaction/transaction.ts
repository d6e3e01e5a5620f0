import type { TransactionPartition } from './transaction-request.ts'
import type { TransactionState } from './transaction-state.ts'

/** What Kafka writes where there is no producer id, no epoch, no start. */
export const noProducerId = -1n
export const noProducerEpoch = -1
export const noTimestamp = -1n

/** The last epoch of all; only markers that end a transaction at the one before it carry it, never a client. */
export const fencingEpoch = 0x7fff
/** A producer at this epoch gets a new producer id in place of a next epoch. */
export const lastClientEpoch = fencingEpoch - 1

/** Transactions that wait for somebody outside (two-phase commit, KIP-939) never time out. */
export const endlessTimeoutMs = 0x7fffffff

/** By topic, both in the order in which they were added. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>

export const noPartitions: TransactionPartitions = new Map()

/** A transactional id: its producer, and its transaction, open or last. Never changed: each record makes another. */
export interface Transaction {
  readonly transactionalId: string
  readonly producerId: bigint
  /** As it was before the last transition: tells a retry from before a new producer id (KIP-890). */
  readonly previousProducerId: bigint
  /** In Prepare*: what the producer goes on with, once its epochs are used up. */
  readonly nextProducerId: bigint
  readonly producerEpoch: number
  /** Whose InitProducerId is a retry (KIP-360); -1: nobody's. No record holds it. */
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  readonly state: TransactionState
  readonly partitions: TransactionPartitions
  readonly startTimestamp: bigint
  readonly lastUpdateTimestamp: bigint
  /** What the client spoke that made the last transition: 2 where each transaction has an epoch of its own. */
  readonly clientTransactionVersion: number
}

/** An id that nobody has used, until its first producer is written. */
export function newTransaction(transactionalId: string, producerId: bigint): Transaction {
  return {
    transactionalId,
    producerId,
    previousProducerId: noProducerId,
    nextProducerId: noProducerId,
    producerEpoch: noProducerEpoch,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs: 0,
    state: 'Empty',
    partitions: noPartitions,
    startTimestamp: noTimestamp,
    lastUpdateTimestamp: noTimestamp,
    clientTransactionVersion: 0,
  }
}

export const isExhausted = (epoch: number): boolean => epoch >= lastClientEpoch

export function hasPartition(partitions: TransactionPartitions, { topic, partition }: TransactionPartition): boolean {
  return partitions.get(topic)?.has(partition) ?? false
}

export function listPartitions(partitions: TransactionPartitions): TransactionPartition[] {
  return [...partitions].flatMap(([topic, numbers]) => [...numbers].map((partition) => ({ topic, partition })))
}

export function addPartitions(known: TransactionPartitions, added: Iterable<TransactionPartition>): TransactionPartitions {
  const all = new Map([...known].map(([topic, numbers]) => [topic, new Set(numbers)]))
  for (const { topic, partition } of added) {
    const numbers = all.get(topic)
    if (numbers === undefined) all.set(topic, new Set([partition]))
    else numbers.add(partition)
  }
  return all
}
