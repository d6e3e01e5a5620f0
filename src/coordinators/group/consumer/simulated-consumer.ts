import { errorName } from '../../../../protocol/errors.ts'
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from './consumer-request.ts'

/** A partition by topic id and number, as it can stand in a set. */
export const partitionKey = (topicId: string, partition: number): string => `${topicId}:${partition}`

export interface Subscription {
  readonly names: readonly string[]
  readonly regex: string | null
}

/**
 * A consumer as the clients of KIP-848 behave: it gives partitions up before it says so, and says all anew after an error.
 *
 * A group takes a partition that a member does not report for given up, even one that the member has just been told to take over
 * and is about to. Java's consumer takes it over all the same before the answer says that it may not, and for that moment shares
 * it with the next owner, with Kafka too. A careful consumer waits for the answer.
 */
export class SimulatedConsumer {
  readonly groupId: string
  readonly instanceId: string | null
  subscription: Subscription
  memberId: string
  epoch = 0
  /** What it reads from. */
  readonly owned = new Set<string>()
  /** What it was last told to own; null: it has done so. */
  assignment: ReadonlySet<string> | null = null
  /** A request is under way. */
  isWaiting = false
  /** It is in the group, or means to be. */
  isRunning = false
  readonly #isCareful: boolean
  #reported: string | null = null
  #mustSayAll = false
  /** It has reported what it owns while it still has partitions to take over, and does not know what came of it. */
  #mayHaveLost = false

  constructor(groupId: string, memberId: string, instanceId: string | null, subscription: Subscription, isCareful = true) {
    this.groupId = groupId
    this.memberId = memberId
    this.instanceId = instanceId
    this.subscription = subscription
    this.#isCareful = isCareful
  }

  heartbeat(): ConsumerGroupHeartbeatRequest {
    const isFull = this.epoch === 0 || this.#mustSayAll
    const owned = [...this.owned].sort().join()
    const saysOwned = isFull || owned !== this.#reported
    this.#reported = owned
    if (saysOwned) this.#mayHaveLost = this.assignment !== null
    return {
      ...this.#common(this.epoch),
      rebalanceTimeoutMs: isFull ? 60_000 : -1,
      subscribedTopicNames: isFull ? this.subscription.names : null,
      subscribedTopicRegex: isFull ? (this.subscription.regex ?? '') : null,
      topicPartitions: saysOwned ? this.#ownedPartitions() : null,
    }
  }

  /** What it reads it has given up before. */
  leaving(epoch: -1 | -2): ConsumerGroupHeartbeatRequest {
    this.owned.clear()
    this.assignment = null
    this.isRunning = false
    const nothing = { rebalanceTimeoutMs: -1, subscribedTopicNames: null, subscribedTopicRegex: null, topicPartitions: null }
    return { ...this.#common(epoch), ...nothing }
  }

  subscribe(subscription: Subscription): void {
    this.subscription = subscription
    this.#mustSayAll = true
  }

  join(memberId: string): void {
    this.memberId = memberId
    this.isRunning = true
    this.isWaiting = false
    this.#startOver()
  }

  /** No answer has come: whether the request has arrived is not known. */
  timedOut(): void {
    this.isWaiting = false
    this.#mustSayAll = true
  }

  answered({ errorCode, memberEpoch, assignment }: ConsumerGroupHeartbeatResponse): void {
    this.isWaiting = false
    if (!this.isRunning) return
    const error = errorName(errorCode)
    if (error === 'NONE') {
      this.#mustSayAll = false
      this.#mayHaveLost = false
      this.epoch = memberEpoch
      if (assignment != null) {
        this.assignment = new Set(
          assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
            partitions.map((partition) => partitionKey(topicId, partition)),
          ),
        )
      }
    } else if (error === 'FENCED_MEMBER_EPOCH' || error === 'UNKNOWN_MEMBER_ID' || error === 'GROUP_ID_NOT_FOUND') {
      this.#startOver()
    } else if (error === 'FENCED_INSTANCE_ID') {
      this.#startOver()
      this.isRunning = false
    } else if (error !== 'UNRELEASED_INSTANCE_ID') {
      throw new Error(`A consumer was answered ${error}.`)
    }
  }

  giveUp(): void {
    if (this.assignment === null) return
    for (const key of [...this.owned]) {
      if (!this.assignment.has(key)) this.owned.delete(key)
    }
  }

  /** Gives the partitions that it takes. */
  takeOver(): readonly string[] {
    this.giveUp()
    if (this.#isCareful && this.#mayHaveLost) return []
    const taken = [...(this.assignment ?? [])].filter((key) => !this.owned.has(key))
    for (const key of taken) this.owned.add(key)
    this.assignment = null
    return taken
  }

  #startOver(): void {
    this.owned.clear()
    this.assignment = null
    this.epoch = 0
    this.#reported = null
    this.#mustSayAll = true
    this.#mayHaveLost = false
  }

  #common(memberEpoch: number) {
    const { groupId, memberId, instanceId } = this
    return { groupId, memberId, memberEpoch, instanceId, rackId: null, serverAssignor: null }
  }

  #ownedPartitions() {
    const byTopic = new Map<string, number[]>()
    for (const key of this.owned) {
      const [topicId = '', partition] = key.split(':')
      byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), Number(partition)])
    }
    return [...byTopic].map(([topicId, partitions]) => ({ topicId, partitions }))
  }
}
