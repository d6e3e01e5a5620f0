import type { Naming } from './connection-ties.ts'
import type { GroupRequest } from './group-request.ts'

/** The member that a request speaks for; null where it speaks for none, or takes leave. */
export interface NamedMember {
  readonly groupId: string
  readonly memberId: string
  readonly by: Naming['by']
}

export function namedMember(asked: GroupRequest): NamedMember | null {
  switch (asked.api) {
    case 'JoinGroup':
    case 'SyncGroup':
      return named(asked.request, 'join')
    case 'Heartbeat':
      return named(asked.request, 'heartbeat')
    case 'OffsetCommit':
    case 'TxnOffsetCommit':
      return named(asked.request, 'other')
    case 'OffsetFetch':
      return named(asked.group, 'other')
    default:
      return null
  }
}

function named({ groupId, memberId }: { groupId: string; memberId: string | null }, by: Naming['by']): NamedMember | null {
  return memberId === null || memberId === '' ? null : { groupId, memberId, by }
}
