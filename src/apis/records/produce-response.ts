import type { ErrorName, KafkaError } from '../../../protocol/errors.ts'
import type { produce } from '../../../protocol/messages/produce.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { AppendedBatch, PartitionLog, VerificationGuard } from '../../log/partition-log.ts'
import type { RequestContext } from '../context.ts'
import { currentLeaderOf, leaderEndpoints } from '../current-leader.ts'

type Request = RequestOf<typeof produce>
type Response = ResponseOf<typeof produce>

/** What became of one partition's records. */
interface Outcome {
  readonly log: PartitionLog | null
  readonly appended: AppendedBatch | null
  readonly error: KafkaError | null
}

/** A partition of the request, and how it went. */
export interface Place {
  readonly topic: Request['topicData'][number]
  readonly data: Request['topicData'][number]['partitionData'][number]
  /** What the log asks for with a transactional batch. */
  guard: VerificationGuard | 'not-required' | null
  outcome: Outcome
  /** Settled when acks is satisfied; undefined: it is. */
  wait: undefined | Promise<void>
}

/** What became of each partition, topic by topic as they were asked for. */
export function produceResponse(places: readonly Place[], context: RequestContext): Response {
  const byTopic = new Map<Place['topic'], Place[]>()
  for (const place of places) {
    const same = byTopic.get(place.topic)
    if (same === undefined) byTopic.set(place.topic, [place])
    else same.push(place)
  }
  const leaders = places.map(({ outcome }) => currentLeaderOf(outcome.error))
  return {
    responses: [...byTopic].map(([topic, ofTopic]) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: ofTopic.map(partitionResponse),
    })),
    nodeEndpoints: leaders.some((leader) => leader !== undefined) ? leaderEndpoints(leaders, context) : [],
  }
}

/** With these Kafka does not say where the log starts. */
const withoutLogStart: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'CORRUPT_MESSAGE',
  'KAFKA_STORAGE_ERROR',
  'MESSAGE_TOO_LARGE',
  'NOT_LEADER_OR_FOLLOWER',
  'RECORD_LIST_TOO_LARGE',
])

function partitionResponse({ data, outcome }: Place) {
  const { log, appended, error } = outcome
  if (error !== null || log === null || appended === null) {
    return {
      index: data.index,
      errorCode: error?.errorCode ?? 0,
      baseOffset: -1n,
      logStartOffset: log === null || (error !== null && withoutLogStart.has(error.code)) ? -1n : log.logStartOffset,
      recordErrors: (error?.details.recordErrors ?? []).map(({ index, message }) => ({
        batchIndex: index,
        batchIndexErrorMessage: message,
      })),
      errorMessage: error?.message ?? null,
      currentLeader: currentLeaderOf(error),
    }
  }
  return {
    index: data.index,
    errorCode: 0,
    baseOffset: appended.baseOffset,
    logAppendTimeMs: appended.logAppendTimeMs,
    logStartOffset: log.logStartOffset,
  }
}
