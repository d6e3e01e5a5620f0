import type { ErrorName } from '../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../machine.ts'
import type { CommittedOffset } from './offsets/offsets.ts'

/** As ListGroups tells it; its filter takes any case. */
export type GroupType = 'classic' | 'consumer'

/** Who commits: what OffsetCommit and TxnOffsetCommit say of themselves. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationIdOrMemberEpoch: number
  readonly isTransactional: boolean
  /** Of the API that is asked; it decides which errors the client knows. */
  readonly version: number
}

/** A topic that offsets are committed for. */
export interface CommittedTopic {
  readonly name: string
  /** The zero id where the client does not know it. */
  readonly topicId: string
  readonly partitions: readonly { readonly partitionIndex: number }[]
}

/** Since when an offset grows old; null: it does not (KIP-211). */
export type ExpiryBase = ((committed: CommittedOffset) => bigint) | null

/** What is asked of a group whatever its kind, by the requests that do not care. */
export interface Group {
  readonly groupId: string
  readonly type: GroupType
  /** As ListGroups and the describing requests show it: `PreparingRebalance`. */
  readonly stateName: string
  readonly protocolType: string | null
  /** No member; it may be deleted, or become a group of another kind. */
  readonly isEmpty: boolean
  /** What its members keep in memory. */
  readonly retainedBytes: number
  /** Why a commit is refused as a whole; null if it is not. Only partitions that would be written are named. */
  offsetCommitRefusal(committer: Committer, topics: readonly CommittedTopic[]): ErrorName | null
  offsetFetchRefusal(memberId: string | null, memberEpoch: number): ErrorName | null
  offsetDeleteRefusal(): ErrorName | null
  deletionRefusal(): ErrorName | null
  /** The topics that it reads, so that their offsets are in use; asked for once for many topics. */
  subscription(): { has(topic: string): boolean }
  expiryBase(): ExpiryBase
  /** A dynamic member, or one that was just given its id: it may go when its connection ends (group.evict.on.disconnect). */
  isEvictable(memberId: string): boolean
  /** Somebody was promised that the group is there, though it is empty. */
  readonly isExpected: boolean
  /** All that removes it from the log; its offsets are not its own. */
  tombstones(): readonly CoordinatorRecord[]
}
