import type { Cluster } from './cluster.ts'

/** How many producer ids one record of the metadata log gives away, as in Kafka. */
export const PRODUCER_IDS_IN_BLOCK = 1000n

/**
 * Gives out producer ids, never one twice in the life of a cluster: a block is in the metadata log before the first id
 * of it is used, and what a stopped node had left of its block is lost, as in Kafka.
 */
export interface ProducerIdSource {
  next(): Promise<bigint>
}

export declare function producerIdSource(cluster: Cluster, nodeId: number): ProducerIdSource
