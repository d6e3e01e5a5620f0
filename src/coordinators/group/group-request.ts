import type { deleteGroups } from '../../../protocol/messages/delete-groups.ts'
import type { describeGroups } from '../../../protocol/messages/describe-groups.ts'
import type { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import type { joinGroup } from '../../../protocol/messages/join-group.ts'
import type { leaveGroup } from '../../../protocol/messages/leave-group.ts'
import type { listGroups } from '../../../protocol/messages/list-groups.ts'
import type { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import type { offsetDelete } from '../../../protocol/messages/offset-delete.ts'
import type { offsetFetch } from '../../../protocol/messages/offset-fetch.ts'
import type { syncGroup } from '../../../protocol/messages/sync-group.ts'
import type { txnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { Input } from '../machine.ts'
import type { ConsumerGroupRequest } from './consumer/consumer-request.ts'

export type JoinGroupRequest = RequestOf<typeof joinGroup>
export type JoinGroupResponse = ResponseOf<typeof joinGroup>
export type SyncGroupRequest = RequestOf<typeof syncGroup>
export type SyncGroupResponse = ResponseOf<typeof syncGroup>
export type HeartbeatRequest = RequestOf<typeof heartbeat>
export type HeartbeatResponse = ResponseOf<typeof heartbeat>
export type LeaveGroupRequest = RequestOf<typeof leaveGroup>
export type LeaveGroupResponse = ResponseOf<typeof leaveGroup>
export type OffsetCommitRequest = RequestOf<typeof offsetCommit>
export type OffsetCommitResponse = ResponseOf<typeof offsetCommit>
/** One group of an OffsetFetch; the handler turns versions below 8 into it. */
export type OffsetFetchGroup = RequestOf<typeof offsetFetch>['groups'][number]
export type OffsetFetchGroupResponse = NonNullable<ResponseOf<typeof offsetFetch>['groups']>[number]
export type DescribedGroup = ResponseOf<typeof describeGroups>['groups'][number]
export type ListGroupsRequest = RequestOf<typeof listGroups>
export type ListGroupsResponse = ResponseOf<typeof listGroups>
export type ListedGroup = ResponseOf<typeof listGroups>['groups'][number]
export type DeletedGroup = ResponseOf<typeof deleteGroups>['results'][number]
export type OffsetDeleteRequest = RequestOf<typeof offsetDelete>
export type OffsetDeleteResponse = ResponseOf<typeof offsetDelete>
export type TxnOffsetCommitRequest = RequestOf<typeof txnOffsetCommit>
export type TxnOffsetCommitResponse = ResponseOf<typeof txnOffsetCommit>
export type GroupProtocol = JoinGroupRequest['protocols'][number]

/**
 * What is asked of the coordinator of a group. Topics have names here: whoever asks has turned ids into names, and has
 * answered what is not known or not allowed. `response` is never set: its type says what answers the request.
 */
export type GroupRequest =
  | ConsumerGroupRequest
  | { readonly api: 'JoinGroup'; readonly request: JoinGroupRequest; readonly response?: JoinGroupResponse }
  | { readonly api: 'SyncGroup'; readonly request: SyncGroupRequest; readonly response?: SyncGroupResponse }
  | { readonly api: 'Heartbeat'; readonly request: HeartbeatRequest; readonly response?: HeartbeatResponse }
  | { readonly api: 'LeaveGroup'; readonly request: LeaveGroupRequest; readonly response?: LeaveGroupResponse }
  | { readonly api: 'OffsetCommit'; readonly request: OffsetCommitRequest; readonly response?: OffsetCommitResponse }
  | {
      readonly api: 'OffsetFetch'
      readonly group: OffsetFetchGroup
      /** Offsets that an open transaction may replace are refused (KIP-447). */
      readonly requireStable: boolean
      readonly response?: OffsetFetchGroupResponse
    }
  | { readonly api: 'OffsetDelete'; readonly request: OffsetDeleteRequest; readonly response?: OffsetDeleteResponse }
  /** Its records belong to the transaction of the producer that it names. */
  | { readonly api: 'TxnOffsetCommit'; readonly request: TxnOffsetCommitRequest; readonly response?: TxnOffsetCommitResponse }
  /** Several groups of one partition of the internal topic, as are those of DeleteGroups. */
  | {
      readonly api: 'DescribeGroups'
      readonly groupIds: readonly string[]
      readonly response?: { readonly groups: readonly DescribedGroup[] }
    }
  | {
      readonly api: 'DeleteGroups'
      readonly groupIds: readonly string[]
      readonly response?: { readonly results: readonly DeletedGroup[] }
    }
  /** All groups of a machine: asked of each. */
  | {
      readonly api: 'ListGroups'
      readonly request: ListGroupsRequest
      readonly response?: { readonly groups: readonly ListedGroup[] }
    }

/** A request as the machine gets it: with the id that its answer goes by, and who asks. */
export type GroupInput = Extract<Input<GroupRequest>, { kind: 'request' }>
