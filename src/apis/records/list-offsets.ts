import { KafkaError } from '../../../protocol/errors.ts'
import type { listOffsets } from '../../../protocol/messages/list-offsets.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { Isolation } from '../../log/partition-log.ts'
import type { RequestContext } from '../context.ts'
import { orRefused } from '../refused.ts'

/*
 * ListOffsets. 0: a list of offsets · 1: one offset with its timestamp · 2: isolation · 4: leader epochs (KIP-320) · 6: flexible · 7: -3, the largest
 * timestamp (KIP-734) · 8: -4, the earliest local offset (KIP-405) · 9: -5, the latest tiered one (KIP-1005) · 10: timeout for tiered look-ups
 * 11: -6, the earliest offset to be tiered (KIP-1023)
 */

type Request = RequestOf<typeof listOffsets>
type Response = ResponseOf<typeof listOffsets>
type Partition = Request['topics'][number]['partitions'][number]

/** The special timestamps, and the version from which on a client may ask for each. */
const specialSince: ReadonlyMap<bigint, number> = new Map([
  [-1n, 0],
  [-2n, 0],
  [-3n, 7],
  [-4n, 8],
  [-5n, 9],
  [-6n, 11],
])

export async function handleListOffsets(request: Request, context: RequestContext): Promise<Response> {
  const isolation: Isolation = request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted'
  const duplicates = duplicatePartitions(request)
  const topics = request.topics.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map((partition) =>
        orRefused(
          () => {
            if (duplicates.has(`${name}/${partition.partitionIndex}`)) throw new KafkaError('INVALID_REQUEST')
            return lookUp(name, partition, isolation, context)
          },
          (error) => ({ partitionIndex: partition.partitionIndex, errorCode: error.errorCode }),
        ),
      ),
    ),
  }))
  return { topics: await Promise.all(topics) }
}

function duplicatePartitions(request: Request): ReadonlySet<string> {
  const seen = new Set<string>()
  const duplicates = new Set<string>()
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}/${partitionIndex}`
      if (seen.has(key)) duplicates.add(key)
      seen.add(key)
    }
  }
  return duplicates
}

async function lookUp(topic: string, partition: Partition, isolation: Isolation, { services, version }: RequestContext) {
  const { partitionIndex, timestamp, currentLeaderEpoch } = partition
  if (timestamp < 0n && version < (specialSince.get(timestamp) ?? Number.POSITIVE_INFINITY))
    throw new KafkaError('UNSUPPORTED_VERSION')
  const log = services.node.leaderLog({ name: topic }, partitionIndex, currentLeaderEpoch)
  const found = await log.listOffsets(timestamp, isolation)
  return {
    partitionIndex,
    errorCode: 0,
    oldStyleOffsets: found.offset < 0n || partition.maxNumOffsets < 1 ? [] : [found.offset],
    timestamp: found.timestamp,
    offset: found.offset,
    leaderEpoch: found.leaderEpoch,
  }
}
