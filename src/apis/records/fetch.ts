import { errorCode, KafkaError } from '../../../protocol/errors.ts'
import type { fetch } from '../../../protocol/messages/fetch.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { type FetchedPartition, type FetchPartition, type FetchTopic, partitionKey, topicKey } from '../../fetch/fetch-query.ts'
import { releaseRecords } from '../../fetch/fetch-service.ts'
import type { FetchContext } from '../../fetch/fetch-sessions.ts'
import type { RequestContext } from '../context.ts'
import { currentLeaderOf, leaderEndpoints } from '../current-leader.ts'
import { refusalOf } from '../refused.ts'

/*
 * Fetch. 4: isolation, last stable offset · 5: log start offset · 7: sessions (KIP-227) · 9: leader epochs (KIP-320) · 11: rack
 * 12: flexible, diverging epochs · 13: topic ids (KIP-516) · 15: replica state · 16: endpoints of leaders (KIP-951) · 18: high watermark of followers
 */

type Request = RequestOf<typeof fetch>
type Response = ResponseOf<typeof fetch>

export async function handleFetch(request: Request, context: RequestContext): Promise<Response> {
  const { fetch: service, node } = context.services
  const session = beginSession(request, context)
  if (session instanceof KafkaError) return { errorCode: session.errorCode, sessionId: 0, responses: [] }
  const isFollower = (context.version >= 15 ? request.replicaState.replicaId : request.replicaId) >= 0
  const fetched = await service.fetch(
    session.wanted,
    {
      isolation: request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted',
      maxWaitMs: request.maxWaitMs,
      minBytes: request.minBytes,
      maxBytes: request.maxBytes,
    },
    (topic, partition, currentLeaderEpoch) => {
      // Only a replica of the partition may fetch as one, and there is none beside the leader.
      if (isFollower) throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
      return node.leaderLog(topic, partition, currentLeaderEpoch)
    },
    context.connection,
  )
  context.afterResponse(() => fetched.release())
  try {
    const { sessionId, partitions } = session.answer(fetched.partitions)
    return respond(sessionId, partitions, context)
  } catch (error) {
    releaseRecords(fetched.partitions)
    throw error
  }
}

/** A session that is gone is no session of the answer either, and its partitions are not answered: the client begins a new one. */
function beginSession(request: Request, { services, version }: RequestContext): FetchContext | KafkaError {
  const topicOf = ({ topic, topicId }: { topic: string; topicId: string }): FetchTopic =>
    version >= 13 ? { id: topicId } : { name: topic }
  try {
    return services.fetch.sessions.begin({
      sessionId: request.sessionId,
      sessionEpoch: request.sessionEpoch,
      usesTopicIds: version >= 13,
      partitions: request.topics.flatMap((topic) =>
        topic.partitions.map((partition) => wantedPartition(topicOf(topic), partition)),
      ),
      forgotten: request.forgottenTopicsData.flatMap((topic) =>
        topic.partitions.map((partition) => partitionKey(topicOf(topic), partition)),
      ),
    })
  } catch (error) {
    return refusalOf(error)
  }
}

function wantedPartition(topic: FetchTopic, wanted: Request['topics'][number]['partitions'][number]): FetchPartition {
  return {
    topic,
    partition: wanted.partition,
    fetchOffset: wanted.fetchOffset,
    maxBytes: wanted.partitionMaxBytes,
    currentLeaderEpoch: wanted.currentLeaderEpoch,
    lastFetchedEpoch: wanted.lastFetchedEpoch,
  }
}

function respond(sessionId: number, partitions: readonly FetchedPartition[], context: RequestContext): Response {
  // Neighbours of one topic share an entry, no others: the order of the request is kept, as clients expect.
  const runs: { readonly topic: string; readonly partitions: FetchedPartition[] }[] = []
  for (const partition of partitions) {
    const topic = topicKey(partition.topic)
    const last = runs.at(-1)
    if (last?.topic === topic) last.partitions.push(partition)
    else runs.push({ topic, partitions: [partition] })
  }
  const leaders = partitions.map(({ error }) => currentLeaderOf(error))
  return {
    errorCode: 0,
    sessionId,
    responses: runs.map((run) => ({
      topic: run.topic,
      topicId: context.version >= 13 ? run.topic : undefined,
      partitions: run.partitions.map((partition) => partitionResponse(partition, context.version)),
    })),
    nodeEndpoints: leaders.some((leader) => leader !== undefined) ? leaderEndpoints(leaders, context) : [],
  }
}

function partitionResponse(partition: FetchedPartition, version: number) {
  const { error, divergingEpoch } = partition
  return {
    partitionIndex: partition.partition,
    errorCode: error === null ? 0 : partitionErrorCode(error, version),
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.logStartOffset,
    divergingEpoch: divergingEpoch ?? undefined,
    currentLeader: currentLeaderOf(error),
    abortedTransactions: partition.abortedTransactions,
    records: partition.records,
  }
}

/** Clients before version 6 do not know that a storage error means to look for another leader. */
const partitionErrorCode = (error: KafkaError, version: number): number =>
  error.code === 'KAFKA_STORAGE_ERROR' && version <= 5 ? errorCode('NOT_LEADER_OR_FOLLOWER') : error.errorCode
