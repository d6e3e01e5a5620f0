import { KafkaError } from '../../protocol/errors.ts'
import { removeTopicRecord } from '../../protocol/metadata-records/remove-topic-record.ts'
import { ZERO_UUID } from '../../protocol/schema/field.ts'
import type { Decision } from './cluster.ts'
import type { MetadataImage, TopicImage } from './metadata-image.ts'
import { metadataRecord } from './metadata-record.ts'
import { duplicateNames } from './topic-creation.ts'

/** By name or by id, as DeleteTopics 6 asks; in older versions by name alone. */
export interface TopicToDelete {
  readonly name: string | null
  readonly topicId: string
}

export interface DeletedTopic {
  /** Null where it was asked for by an id that is not known. */
  readonly name: string | null
  readonly topicId: string
  readonly error: KafkaError | null
}

/** One result for each topic that was named, in the order of the request; twice the same one is refused as a whole. */
export function decideTopicDeletion(image: MetadataImage, topics: readonly TopicToDelete[]): Decision<readonly DeletedTopic[]> {
  const twice = {
    names: duplicateNames(topics.flatMap(({ name, topicId }) => (name !== null && topicId === ZERO_UUID ? [name] : []))),
    ids: duplicateNames(topics.flatMap(({ name, topicId }) => (name === null && topicId !== ZERO_UUID ? [topicId] : []))),
  }
  const results = new Map<string, DeletedTopic>()
  for (const asked of topics) {
    const key = `${asked.name ?? ''} ${asked.topicId}`
    if (!results.has(key)) results.set(key, judge(image, asked, twice))
  }
  refuseByBothWays(results)
  const removed = [...results.values()].filter(({ error }) => error === null)
  return { records: removed.map(({ topicId }) => metadataRecord(removeTopicRecord, { topicId })), result: [...results.values()] }
}

/** A topic that was named by its name and by its id is refused, and answered once. */
function refuseByBothWays(results: Map<string, DeletedTopic>): void {
  for (const [key, { name, topicId, error }] of results) {
    const byId = ` ${topicId}`
    if (error !== null || key === byId || !results.has(byId)) continue
    results.delete(byId)
    results.set(key, { name, topicId, error: invalid('The provided topic name maps to an ID that was already supplied.') })
  }
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message)

interface Twice {
  readonly names: ReadonlySet<string>
  readonly ids: ReadonlySet<string>
}

function judge(image: MetadataImage, { name, topicId }: TopicToDelete, twice: Twice): DeletedTopic {
  const refused = (error: KafkaError): DeletedTopic => ({ name, topicId, error })
  const found = (topic: TopicImage): DeletedTopic => ({ name: topic.name, topicId: topic.id, error: null })
  if (name === null) {
    if (topicId === ZERO_UUID) return refused(invalid('Neither topic name nor id were specified.'))
    if (twice.ids.has(topicId)) return refused(invalid('Duplicate topic id.'))
    const byId = image.topicsById.get(topicId)
    return byId === undefined ? refused(new KafkaError('UNKNOWN_TOPIC_ID')) : found(byId)
  }
  if (topicId !== ZERO_UUID) return refused(invalid('You may not specify both topic name and topic id.'))
  if (twice.names.has(name)) return refused(invalid('Duplicate topic name.'))
  const byName = image.topicsByName.get(name)
  return byName === undefined ? refused(new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')) : found(byName)
}
