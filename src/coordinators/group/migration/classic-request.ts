import type { ConsumerGroup } from '../consumer/consumer-group.ts'
import type { GroupInput, GroupRequest } from '../group-request.ts'
import type { Turn } from '../turn.ts'
import { heartbeatInConsumerGroup } from './heartbeat-in-consumer-group.ts'
import { joinInConsumerGroup } from './join-in-consumer-group.ts'
import { leaveInConsumerGroup } from './leave-in-consumer-group.ts'
import { syncInConsumerGroup } from './sync-in-consumer-group.ts'

/** What members of the classic protocol ask of a consumer group. False: the request is of another kind. */
export function classicRequestInConsumerGroup(group: ConsumerGroup, input: GroupInput, asked: GroupRequest, turn: Turn): boolean {
  switch (asked.api) {
    case 'JoinGroup':
      joinInConsumerGroup(group, input, asked.request, turn)
      return true
    case 'SyncGroup':
      syncInConsumerGroup(group, input, asked.request, turn)
      return true
    case 'Heartbeat':
      heartbeatInConsumerGroup(group, input, asked.request, turn)
      return true
    case 'LeaveGroup':
      leaveInConsumerGroup(group, input, asked.request, turn)
      return true
    default:
      return false
  }
}
