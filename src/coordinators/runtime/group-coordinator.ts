import { type ErrorName, errorCode, KafkaError } from '../../../protocol/errors.ts'
import { deleteGroups } from '../../../protocol/messages/delete-groups.ts'
import { describeGroups } from '../../../protocol/messages/describe-groups.ts'
import { offsetCommit } from '../../../protocol/messages/offset-commit.ts'
import { txnOffsetCommit } from '../../../protocol/messages/txn-offset-commit.ts'
import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import { OFFSETS_TOPIC } from '../../cluster/topic-names.ts'
import type { Environment } from '../../environment/environment.ts'
import type { TransactionMarker } from '../../log/partition-log.ts'
import { heartbeatRefusal, heartbeatRefusalBeforeLookup } from '../group/consumer/consumer-groups.ts'
import type { DescribedConsumerGroup, ResolvedRegexes, ResolveRegexes } from '../group/consumer/consumer-request.ts'
import { notDescribed } from '../group/consumer/describe-consumer-group.ts'
import { GroupMachine, refusalBeforeLookup } from '../group/group-machine.ts'
import type {
  DeletedGroup,
  DescribedGroup,
  GroupRequest,
  ListGroupsRequest,
  ListGroupsResponse,
  TxnOffsetCommitRequest,
} from '../group/group-request.ts'
import type { GroupImage, GroupSettings } from '../group/group-settings.ts'
import { heartbeatAnswer, joinRefusal, noRoomError, syncRefusal } from '../group/responses.ts'
import type { Coordinator, CoordinatorCaller, ResponseTo } from './coordinator.ts'
import type { AppendGuard } from './coordinator-partition.ts'
import { ClusterTopics, consumerGroupConfig, resolveRegexes } from './group-image.ts'
import { SharedTurns } from './shared-turns.ts'
import { TopicCoordinator } from './topic-coordinator.ts'
import { supportOfTxnOffsetCommit, type TransactionVerifier } from './transaction-verifier.ts'

export interface GroupCoordinatorOptions {
  readonly cluster: Pick<Cluster, 'image' | 'onChange'>
  readonly node: Pick<ClusterNode, 'leaderLog' | 'config'>
  readonly environment: Environment
  readonly settings: GroupSettings
  /** How many requests each partition of `__consumer_offsets` may have open, JoinGroups that wait included. */
  readonly openRequestsMax: number
  /** Asked before the first offsets of a transaction. */
  readonly verifier: Pick<TransactionVerifier, 'isNeeded' | 'ask'>
}

/** The coordinator of the groups of a node. It always answers: a refusal is a response of the API that was asked. */
export class GroupCoordinator implements Coordinator<GroupRequest> {
  readonly #settings: GroupSettings
  readonly #environment: Environment
  readonly #verifier: GroupCoordinatorOptions['verifier']
  readonly #topics: ClusterTopics
  readonly #topic: TopicCoordinator<GroupRequest, GroupImage, GroupMachine, ResolveRegexes, ResolvedRegexes>
  /** When the next line about a lack of room may be logged. */
  #nextLineMs = 0

  constructor({ cluster, node, environment, settings, openRequestsMax, verifier }: GroupCoordinatorOptions) {
    this.#settings = settings
    this.#environment = environment
    this.#verifier = verifier
    const topics = new ClusterTopics(cluster)
    this.#topics = topics
    const roomBytes = () => this.#memberRoomBytes
    const turns = new SharedTurns(environment.time)
    this.#topic = new TopicCoordinator({
      topic: OFFSETS_TOPIC,
      cluster,
      node,
      environment,
      newMachine: () => new GroupMachine(settings),
      image: {
        get memberRoomBytes() {
          return roomBytes()
        },
        topics,
        consumerConfig: (groupId) => consumerGroupConfig(groupId, cluster, node),
      },
      run: (effect) => resolveRegexes(effect, topics, environment, turns),
      openRequestsMax,
      batchBytesMax: settings.batchBytesMax,
    })
  }

  async request<R extends GroupRequest>(
    groupId: string,
    request: R,
    caller: CoordinatorCaller,
  ): Promise<ResponseTo<GroupRequest, R>> {
    return (await this.#answer(groupId, request, caller)) as ResponseTo<GroupRequest, R>
  }

  /** All groups of the node. As in Kafka one partition that is being loaded refuses the whole. */
  async list(request: ListGroupsRequest, caller: CoordinatorCaller): Promise<ListGroupsResponse> {
    try {
      const answers = (await this.#topic.requestAll({ api: 'ListGroups', request }, caller)) as readonly ListGroupsResponse[]
      return { errorCode: 0, groups: answers.flatMap(({ groups }) => groups) }
    } catch (error) {
      if (error instanceof KafkaError) return { errorCode: error.errorCode, groups: [] }
      throw error
    }
  }

  async describe(groupIds: readonly string[], caller: CoordinatorCaller): Promise<readonly DescribedGroup[]> {
    const asked = this.#byPartition(groupIds).map((ids) =>
      this.request(ids[0]!, { api: 'DescribeGroups', groupIds: ids }, caller),
    )
    return (await Promise.all(asked)).flatMap(({ groups }) => groups)
  }

  async describeConsumerGroups(
    groupIds: readonly string[],
    caller: CoordinatorCaller,
  ): Promise<readonly DescribedConsumerGroup[]> {
    const named = groupIds.filter((groupId) => groupId !== '')
    const unnamed = groupIds.length - named.length
    const asked = this.#byPartition(named).map((ids) =>
      this.request(ids[0]!, { api: 'ConsumerGroupDescribe', groupIds: ids }, caller),
    )
    const described = (await Promise.all(asked)).flatMap(({ groups }) => groups)
    return [...Array.from({ length: unnamed }, () => notDescribed('', 'INVALID_GROUP_ID', null)), ...described]
  }

  async delete(groupIds: readonly string[], caller: CoordinatorCaller): Promise<readonly DeletedGroup[]> {
    const asked = this.#byPartition(groupIds).map((ids) => this.request(ids[0]!, { api: 'DeleteGroups', groupIds: ids }, caller))
    return (await Promise.all(asked)).flatMap(({ results }) => results)
  }

  /** The end of a transaction that wrote offsets to a partition of `__consumer_offsets`. Rejects with KafkaError. */
  appendMarker(partition: number, marker: TransactionMarker): Promise<void> {
    return this.#topic.appendMarker(partition, marker)
  }

  stop(): void {
    this.#topic.stop()
    this.#topics.stop()
  }

  get #memberRoomBytes(): number {
    let room = this.#settings.memberBytesMax
    for (const { retainedBytes } of this.#topic.machines()) room -= retainedBytes
    return room
  }

  /** A request may name a hundred thousand groups: the coordinator of each partition is asked once for all of its own. */
  #byPartition(groupIds: readonly string[]): readonly (readonly string[])[] {
    const byPartition = new Map<number | null, string[]>()
    for (const groupId of groupIds) {
      const partition = this.#topic.partitionOf(groupId)
      const ids = byPartition.get(partition)
      if (ids === undefined) byPartition.set(partition, [groupId])
      else ids.push(groupId)
    }
    return [...byPartition.values()]
  }

  #logNoRoom(groupId: string, { clientId, clientHost }: CoordinatorCaller): void {
    const { time, logger } = this.#environment
    if (time.nowMs() < this.#nextLineMs) return
    this.#nextLineMs = time.nowMs() + noRoomLineMs
    const { memberBytesMax } = this.#settings
    logger.warn(
      { groupId, clientId, clientHost, retainedBytes: memberBytesMax - this.#memberRoomBytes, memberBytesMax },
      'The metadata and assignments of the members of all groups fill their memory (group.members.max.bytes): members that need more are refused until others leave.',
    )
  }

  /** The first offsets of a transaction are stored only once its coordinator knows of them, or knows why they must not be (KIP-890). */
  async #verify(request: TxnOffsetCommitRequest, caller: CoordinatorCaller): Promise<AppendGuard> {
    const log = this.#topic.logOf(request.groupId)
    if (log === undefined) throw new KafkaError('NOT_COORDINATOR')
    const support = supportOfTxnOffsetCommit(caller.version)
    if (!this.#verifier.isNeeded(support)) return 'not-required'
    const { transactionalId } = request
    const producer = { id: request.producerId, epoch: request.producerEpoch }
    const guard = log.beginVerification(producer, -1, support === 'add')
    if (guard === null) return null
    const { topic, partition } = log.id
    const partitions = [{ topic, partition }]
    const [refusal = null] = await this.#verifier.ask({ transactionalId, producer, partitions, support }, caller)
    if (refusal !== null) throw new KafkaError(refusal)
    return guard
  }

  async #answer(groupId: string, request: GroupRequest, caller: CoordinatorCaller): Promise<object> {
    if (request.api === 'ConsumerGroupHeartbeat') {
      const refusal = heartbeatRefusalBeforeLookup(request.request, caller.version, this.#settings)
      if (refusal !== null) return refusal
    }
    const refusal = refusalBeforeLookup(request, this.#settings)
    if (refusal !== null) return refuse(request, refusal, memberIdOf(request))
    try {
      const guard = request.api === 'TxnOffsetCommit' ? await this.#verify(request.request, caller) : null
      const response = await this.#topic.request(groupId, request, caller, guard)
      if ('errorCode' in response && response.errorCode === noRoomCode) this.#logNoRoom(groupId, caller)
      return response
    } catch (error) {
      if (error instanceof KafkaError) return refuse(request, error.code, '')
      throw error
    }
  }
}

/** Machines answer with it for no other reason. */
const noRoomCode = errorCode(noRoomError)
/** A client that is refused asks again within a second: one line stands for them all. */
const noRoomLineMs = 60_000

/** What the log, or the transaction's coordinator, says in words that producers know from a group's. */
const transactionalRefusals: ReadonlyMap<ErrorName, ErrorName> = new Map<ErrorName, ErrorName>([
  ['NETWORK_EXCEPTION', 'COORDINATOR_LOAD_IN_PROGRESS'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
  ['REQUEST_TIMED_OUT', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
  ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
  ['MESSAGE_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
  ['RECORD_LIST_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
])

const memberIdOf = (asked: GroupRequest): string => (asked.api === 'JoinGroup' ? asked.request.memberId : '')

function refuse(asked: GroupRequest, error: ErrorName, memberId: string): object {
  switch (asked.api) {
    case 'JoinGroup':
      return joinRefusal(memberId, error)
    case 'SyncGroup':
      return syncRefusal(error)
    case 'ConsumerGroupHeartbeat':
      return heartbeatRefusal(error, new KafkaError(error).message)
    case 'ConsumerGroupDescribe':
      return { groups: asked.groupIds.map((groupId) => notDescribed(groupId, error, null)) }
    case 'Heartbeat':
      // While the group is loaded its members' sessions do not run: there is nothing to tell them.
      return heartbeatAnswer(error === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'NONE' : error)
    case 'LeaveGroup':
      return { errorCode: errorCode(error), members: [] }
    case 'OffsetCommit':
      return offsetCommit.refuse(asked.request, new KafkaError(error))
    case 'OffsetFetch':
      return { groupId: asked.group.groupId, topics: [], errorCode: errorCode(error) }
    case 'TxnOffsetCommit':
      return txnOffsetCommit.refuse(asked.request, new KafkaError(transactionalRefusals.get(error) ?? error))
    case 'OffsetDelete':
      return { errorCode: errorCode(error), topics: [] }
    case 'DescribeGroups':
      return describeGroups.refuse({ groups: asked.groupIds, includeAuthorizedOperations: false }, new KafkaError(error))
    case 'DeleteGroups':
      return deleteGroups.refuse({ groupsNames: asked.groupIds }, new KafkaError(error))
    case 'ListGroups':
      return { errorCode: errorCode(error), groups: [] }
  }
}
