import { KafkaError } from '../../protocol/errors.ts'
import type { MetadataImage } from './metadata-image.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTION_STATE_TOPIC = '__transaction_state'
export const SHARE_GROUP_STATE_TOPIC = '__share_group_state'
export const METADATA_TOPIC = '__cluster_metadata'

/** Topics that coordinators alone write; clients are told so in Metadata. */
export const internalTopics: ReadonlySet<string> = new Set([OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC, SHARE_GROUP_STATE_TOPIC])

/** A folder is named topic-partition; 249 leaves room for the number and for the suffix of a deleted one. */
const NAME_LENGTH_MAX = 249

export function checkTopicName(name: string): void {
  const reason = reasonInvalid(name)
  if (reason !== null) throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${reason}`)
}

export const isTopicName = (name: string): boolean => reasonInvalid(name) === null

function reasonInvalid(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > NAME_LENGTH_MAX) return `the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`
  if (/^[a-zA-Z0-9._-]+$/.test(name)) return null
  return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
}

/** Names that differ only in `.` and `_` would be one name in Kafka's metrics. */
const unified = (name: string): string => name.replaceAll('.', '_')

/** The existing topic, other than itself, that the name cannot stand beside; undefined if there is none. */
export function collidingTopic(image: MetadataImage, name: string): string | undefined {
  if (!/[._]/.test(name)) return undefined
  const wanted = unified(name)
  for (const existing of image.topicsByName.keys()) {
    if (existing !== name && existing.length === wanted.length && unified(existing) === wanted) return existing
  }
  return undefined
}

/** The existing topic whose folders would be the same where the file system ignores case. */
export function topicEqualButForCase(image: MetadataImage, name: string): string | undefined {
  const wanted = name.toLowerCase()
  for (const existing of image.topicsByName.keys()) {
    if (existing !== name && existing.length === name.length && existing.toLowerCase() === wanted) return existing
  }
  return undefined
}
