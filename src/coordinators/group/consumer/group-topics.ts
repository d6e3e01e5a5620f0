import type { GroupTopic } from './metadata-hash.ts'

/** What consumer groups see of the cluster's topics. */
export interface GroupTopics {
  /** Rises with every change of the metadata. */
  readonly version: bigint
  /** The version with which topics were last added. */
  readonly newTopicsVersion: bigint
  byName(name: string): GroupTopic | undefined
  byId(id: string): GroupTopic | undefined
}

/** What holds for a consumer group: its own settings, else the broker's. */
export interface ConsumerGroupConfig {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** The least time between two target assignments. */
  readonly assignmentIntervalMs: number
}

/** The ids of those that exist. */
export function topicIds(names: Iterable<string>, topics: GroupTopics, ids = new Set<string>()): Set<string> {
  for (const name of names) {
    const topic = topics.byName(name)
    if (topic !== undefined) ids.add(topic.id)
  }
  return ids
}
