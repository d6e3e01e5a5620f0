import { errorName } from '../../../../protocol/errors.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../protocol/messages/consumer-protocol.ts'
import type { GroupTopics } from '../consumer/group-topics.ts'
import { partitionKey } from '../consumer/simulated-consumer.ts'
import type { GroupRequest, HeartbeatResponse, JoinGroupResponse, SyncGroupResponse } from '../group-request.ts'

type Phase = 'out' | 'joining' | 'joined' | 'syncing' | 'in'

/** Names of topics, each with its partitions. */
type Named = readonly { readonly topic: string; readonly partitions: readonly number[] }[]

/**
 * A consumer as the clients of the classic protocol behave. An eager one gives up all that it reads before it joins; a cooperative one
 * (KIP-429) says what it owns, gives up what it is not given again, and then joins once more.
 */
export class SimulatedClassicConsumer {
  readonly groupId: string
  readonly instanceId: string | null
  readonly isCooperative: boolean
  readonly owned = new Set<string>()
  memberId = ''
  isRunning = true
  readonly #topics: GroupTopics
  readonly #topicNames: readonly string[]
  #phase: Phase = 'out'
  #generationId = -1
  /** Whom it has to assign to. */
  #members: JoinGroupResponse['members'] = []
  /** How many partitions it has assigned, to all; null: it does not lead. */
  #assignedCount: number | null = null

  constructor(
    of: { readonly groupId: string; readonly instanceId: string | null; readonly isCooperative: boolean },
    topics: GroupTopics,
    topicNames: readonly string[],
  ) {
    this.groupId = of.groupId
    this.instanceId = of.instanceId
    this.isCooperative = of.isCooperative
    this.#topics = topics
    this.#topicNames = topicNames
  }

  /** Null while it waits for an answer. */
  next(): GroupRequest | null {
    // A leader sees that its topics have other partitions than it has assigned.
    if (this.#phase === 'in' && this.#assignedCount !== null && this.#wanted().length !== this.#assignedCount) this.#phase = 'out'
    switch (this.#phase) {
      case 'out':
        return this.#join()
      case 'joined':
        return this.#sync()
      case 'in':
        return { api: 'Heartbeat', request: { ...this.#named(), generationId: this.#generationId } }
      default:
        return null
    }
  }

  leaving(): GroupRequest {
    this.owned.clear()
    this.isRunning = false
    const { groupId, memberId, instanceId: groupInstanceId } = this
    const members = [{ memberId: groupInstanceId === null ? memberId : '', groupInstanceId, reason: null }]
    return { api: 'LeaveGroup', request: { groupId, memberId, members } }
  }

  /** Its connection has ended: what it waited for does not come. */
  disconnected(): void {
    if (this.#phase === 'joining' || this.#phase === 'syncing') this.#phase = 'out'
  }

  /** Gives the partitions that it takes. */
  answered(api: GroupRequest['api'], response: object): readonly string[] {
    if (!this.isRunning) return []
    if (api === 'JoinGroup') this.#joined(response as JoinGroupResponse)
    else if (api === 'SyncGroup') return this.#synced(response as SyncGroupResponse)
    else if (api === 'Heartbeat') this.#refused((response as HeartbeatResponse).errorCode)
    return []
  }

  #join(): GroupRequest {
    this.#phase = 'joining'
    this.#assignedCount = null
    if (!this.isCooperative) this.owned.clear()
    const protocols = [{ name: this.isCooperative ? 'cooperative-sticky' : 'range', metadata: this.#metadata() }]
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 }
    return { api: 'JoinGroup', request: { ...this.#named(), ...timeouts, protocolType: 'consumer', protocols, reason: null } }
  }

  #joined({ errorCode, memberId, generationId = -1, leader, skipAssignment, members }: JoinGroupResponse): void {
    if (errorName(errorCode) === 'MEMBER_ID_REQUIRED') {
      this.memberId = memberId
      this.#phase = 'out'
    } else if (!this.#refused(errorCode)) {
      this.memberId = memberId
      this.#generationId = generationId
      this.#members = leader === memberId && !skipAssignment ? members : []
      this.#phase = 'joined'
    }
  }

  #sync(): GroupRequest {
    this.#phase = 'syncing'
    const assignments = this.#members.length === 0 ? [] : this.#assign()
    const of = { generationId: this.#generationId, protocolType: null, protocolName: null, assignments }
    return { api: 'SyncGroup', request: { ...this.#named(), ...of } }
  }

  #synced({ errorCode, assignment }: SyncGroupResponse): readonly string[] {
    if (this.#refused(errorCode)) return []
    this.#phase = 'in'
    const assigned = new Set(this.#keys(assignment.length === 0 ? [] : decodeAssignment(assignment).assignedPartitions))
    for (const key of [...this.owned]) {
      if (assigned.has(key)) continue
      this.owned.delete(key)
      this.#phase = 'out'
    }
    const taken = [...assigned].filter((key) => !this.owned.has(key))
    for (const key of taken) this.owned.add(key)
    return taken
  }

  /** False: it is no refusal. */
  #refused(errorCode: number): boolean {
    const error = errorName(errorCode)
    if (error === 'NONE') return false
    this.#phase = 'out'
    if (error === 'FENCED_INSTANCE_ID') this.isRunning = false
    if (error === 'UNKNOWN_MEMBER_ID') this.memberId = ''
    if (error === 'REBALANCE_IN_PROGRESS') {
      if (!this.isCooperative) this.owned.clear()
    } else if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION' || error === 'FENCED_INSTANCE_ID') {
      this.owned.clear()
    } else {
      throw new Error(`A classic consumer was answered ${error}.`)
    }
    return true
  }

  /** As many for everyone, near enough; what another still owns is for the next time (KIP-429). */
  #assign() {
    const wanted = this.#wanted()
    this.#assignedCount = wanted.length
    const owners = new Map<string, string>()
    const shares = this.#members.map(({ memberId, metadata }) => {
      const claims = this.#keys(decodeSubscription(metadata).ownedPartitions).filter(
        (key) => !owners.has(key) && wanted.includes(key),
      )
      for (const key of claims) owners.set(key, memberId)
      return { memberId, claims }
    })
    const quota = Math.ceil(wanted.length / shares.length)
    const kept = new Map(shares.map(({ memberId, claims }) => [memberId, claims.slice(0, quota)]))
    const free = wanted.filter((key) => !owners.has(key))
    for (const keys of kept.values()) keys.push(...free.splice(0, quota - keys.length))
    return [...kept].map(([memberId, keys]) => ({
      memberId,
      assignment: encodeAssignment({ assignedPartitions: [...this.#namesOf(keys)], userData: null }, 1),
    }))
  }

  #wanted(): readonly string[] {
    return this.#topicNames.flatMap((name) => this.#keys(this.#allOf(name)))
  }

  #allOf(name: string): Named {
    const partitionCount = this.#topics.byName(name)?.partitionCount ?? 0
    return [{ topic: name, partitions: Array.from({ length: partitionCount }, (_, partition) => partition) }]
  }

  #keys(named: Named): string[] {
    return named.flatMap(({ topic, partitions }) => {
      const id = this.#topics.byName(topic)?.id
      return id === undefined ? [] : partitions.map((partition) => partitionKey(id, partition))
    })
  }

  *#namesOf(keys: Iterable<string>) {
    for (const key of keys) {
      const [topicId = '', partition] = key.split(':')
      const topic = this.#topics.byId(topicId)?.name
      if (topic !== undefined) yield { topic, partitions: [Number(partition)] }
    }
  }

  #metadata(): Buffer {
    const ownedPartitions = [...this.#namesOf(this.owned)]
    return encodeSubscription(
      { topics: [...this.#topicNames], userData: null, ownedPartitions, generationId: this.#generationId },
      2,
    )
  }

  #named() {
    return { groupId: this.groupId, memberId: this.memberId, groupInstanceId: this.instanceId }
  }
}
