import { type ErrorName, errorCode } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { GroupInput } from '../group-request.ts'
import type { Turn } from '../turn.ts'

interface CommitPartition {
  readonly partitionIndex: number
  readonly committedMetadata: string | null
}

interface CommitTopic<Partition extends CommitPartition> {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly Partition[]
}

/** What OffsetCommit and TxnOffsetCommit have in common: an answer for each partition, and a record or none. */
interface Commit<Partition extends CommitPartition> {
  readonly topics: readonly CommitTopic<Partition>[]
}

const isTooLarge = ({ committedMetadata }: CommitPartition, turn: Turn): boolean =>
  (committedMetadata?.length ?? 0) > turn.settings.offsetMetadataLengthMax

/** Without the partitions whose metadata is too large: they are refused whoever asks. */
export function sizedTopics({ topics }: Commit<CommitPartition>, turn: Turn): readonly CommitTopic<CommitPartition>[] {
  return topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.filter((partition) => !isTooLarge(partition, turn)),
  }))
}

export function refuseCommit(input: GroupInput, request: Commit<CommitPartition>, error: ErrorName, turn: Turn): void {
  turn.reply(
    input.id,
    answered(request, () => error),
  )
}

/** Writes what may be written, all of it or nothing, and answers. */
export function answerCommit<Partition extends CommitPartition>(
  input: GroupInput,
  request: Commit<Partition>,
  turn: Turn,
  recordOf: (topic: CommitTopic<Partition>, partition: Partition) => CoordinatorRecord,
): void {
  const records: CoordinatorRecord[] = []
  let bytes = 0
  const response = answered(request, (topic, partition) => {
    if (isTooLarge(partition, turn)) return 'OFFSET_METADATA_TOO_LARGE'
    // A million partitions would be written down for seconds, only to be refused: what is too much already gets no more.
    if (bytes > turn.settings.batchBytesMax) return 'UNKNOWN_SERVER_ERROR'
    const record = recordOf(topic, partition)
    bytes += record.key.length + (record.value?.length ?? 0)
    records.push(record)
    return 'NONE'
  })
  if (!turn.fitsBatch(records)) {
    refuseCommit(input, request, 'UNKNOWN_SERVER_ERROR', turn)
    return
  }
  for (const record of records) turn.record(record)
  turn.reply(input.id, response)
}

function answered<Partition extends CommitPartition>(
  request: Commit<Partition>,
  errorOf: (topic: CommitTopic<Partition>, partition: Partition) => ErrorName,
) {
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: topic.partitions.map((partition) => ({
      partitionIndex: partition.partitionIndex,
      errorCode: errorCode(errorOf(topic, partition)),
    })),
  }))
  return { topics }
}
