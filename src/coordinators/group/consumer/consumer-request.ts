import type { KafkaError } from '../../../../protocol/errors.ts'
import type { consumerGroupDescribe } from '../../../../protocol/messages/consumer-group-describe.ts'
import type { consumerGroupHeartbeat } from '../../../../protocol/messages/consumer-group-heartbeat.ts'
import type { RequestOf, ResponseOf } from '../../../../protocol/schema/api.ts'

export type ConsumerGroupHeartbeatRequest = RequestOf<typeof consumerGroupHeartbeat>
export type ConsumerGroupHeartbeatResponse = ResponseOf<typeof consumerGroupHeartbeat>
export type HeartbeatTopicPartitions = NonNullable<ConsumerGroupHeartbeatRequest['topicPartitions']>[number]
export type DescribedConsumerGroup = ResponseOf<typeof consumerGroupDescribe>['groups'][number]
export type DescribedConsumerMember = DescribedConsumerGroup['members'][number]

export interface AskedHeartbeat {
  readonly api: 'ConsumerGroupHeartbeat'
  readonly request: ConsumerGroupHeartbeatRequest
  /** Why its regular expression may not be subscribed to, if it names one: whoever asks has compiled it. */
  readonly invalidRegex: KafkaError | null
  readonly response?: ConsumerGroupHeartbeatResponse
}

/** What is asked of the coordinator about consumer groups alone. `response` is never set: its type says what answers. */
export type ConsumerGroupRequest =
  | AskedHeartbeat
  | {
      readonly api: 'ConsumerGroupDescribe'
      /** Groups of one partition of the internal topic. */
      readonly groupIds: readonly string[]
      readonly response?: { readonly groups: readonly DescribedConsumerGroup[] }
    }

/** To match a group's expressions with the names of all topics that the asking member may see. */
export interface ResolveRegexes {
  readonly kind: 'resolve-regexes'
  readonly groupId: string
  /** Who asks: another may see other topics. */
  readonly principal: string
  readonly clientHost: string
  readonly regexes: readonly string[]
}

/** What they matched, in the metadata of this version. */
export interface ResolvedRegexes {
  readonly version: bigint
  readonly timestampMs: bigint
  readonly topicsByRegex: ReadonlyMap<string, ReadonlySet<string>>
}
