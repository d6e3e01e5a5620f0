import {
  type ConsumerProtocolAssignment,
  type ConsumerProtocolSubscription,
  consumerProtocolAssignment,
  consumerProtocolVersion,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
} from '../../../../protocol/messages/consumer-protocol.ts'
import { MalformedMessage } from '../../../../protocol/schema/malformed-message.ts'
import type { HeartbeatTopicPartitions } from '../consumer/consumer-request.ts'
import type { GroupTopics } from '../consumer/group-topics.ts'
import type { GroupProtocol } from '../group-request.ts'

/*
 * What classic members say to each other in opaque bytes. In a group that changes its kind the coordinator reads and writes it: it
 * names topics, and the coordinator knows them by their ids.
 */

/** Undefined where the bytes are something else: whoever joins may put there what it likes. */
export const readSubscription = (metadata: Buffer): ConsumerProtocolSubscription | undefined =>
  unlessMalformed(() => decodeSubscription(metadata))

export const readAssignment = (assignment: Buffer): ConsumerProtocolAssignment | undefined =>
  unlessMalformed(() => decodeAssignment(assignment))

function unlessMalformed<Read>(read: () => Read): Read | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
}

type NamedPartitions = readonly { readonly topic: string; readonly partitions: readonly number[] }[]

/** Without the topics that do not exist. A topic may be named twice: whoever reads the bytes otherwise takes both. */
export function withTopicIds(named: NamedPartitions, topics: GroupTopics): readonly HeartbeatTopicPartitions[] {
  const byId = new Map<string, Set<number>>()
  for (const { topic, partitions } of named) {
    const id = topics.byName(topic)?.id
    if (id === undefined) continue
    const known = byId.get(id) ?? new Set()
    byId.set(id, known)
    for (const partition of partitions) known.add(partition)
  }
  return Array.from(byId, ([topicId, partitions]) => ({ topicId, partitions: [...partitions] }))
}

/** In the version that the member itself speaks, as its metadata shows. */
export function writeAssignment(
  assigned: Iterable<readonly [string, { keys(): Iterable<number> }]>,
  { metadata }: GroupProtocol,
  topics: GroupTopics,
): Buffer {
  const assignedPartitions = [...assigned].flatMap(([topicId, partitions]) => {
    const topic = topics.byId(topicId)?.name
    return topic === undefined ? [] : [{ topic, partitions: [...partitions.keys()] }]
  })
  const version = unlessMalformed(() => consumerProtocolVersion(metadata)) ?? 0
  return encodeAssignment({ assignedPartitions, userData: null }, Math.min(version, consumerProtocolAssignment.versions.max))
}
