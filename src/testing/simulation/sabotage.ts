import { errorCode } from '../../../protocol/errors.ts'
import type { Services } from '../../apis/context.ts'
import type { GroupRequest } from '../../coordinators/group/group-request.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import { never } from './simulated-disk.ts'

/** What a test of the tests breaks. */
export interface Sabotage {
  readonly diskForgetsSynced: boolean
  readonly wrapLog: (log: PartitionLog) => PartitionLog
  readonly wrapServices: (services: Services) => Services
}

export const nothingBroken: Sabotage = {
  diskForgetsSynced: false,
  wrapLog: (log) => log,
  wrapServices: (services) => services,
}

const broken = (parts: Partial<Sabotage>): Sabotage => ({ ...nothingBroken, ...parts })

/** A loss of power takes what was synced. */
export const diskForgets = (): Sabotage => broken({ diskForgetsSynced: true })

const emptyAssignmentBytes = 10

/** A member is given what another was given in its generation. */
export function partitionGivenTwice(): Sabotage {
  const given = new Map<string, object>()
  return brokenGroups((asked, answer) => {
    if (asked.api !== 'SyncGroup' || !('assignment' in answer) || isRefused(answer)) return answer
    if ((answer.assignment as Buffer).length <= emptyAssignmentBytes) return answer
    const key = `${asked.request.groupId} ${asked.request.generationId}`
    const first = given.get(key) ?? answer
    given.set(key, first)
    return first
  })
}

/** A consumer of KIP-848 is given what somebody else was given at first. */
export function consumerGivenTwice(): Sabotage {
  const given = new Map<string, unknown>()
  return brokenGroups((asked, answer) => {
    if (asked.api !== 'ConsumerGroupHeartbeat' || isRefused(answer)) return answer
    const { assignment } = answer as { readonly assignment?: { readonly topicPartitions: readonly unknown[] } | null }
    if (assignment == null || assignment.topicPartitions.length === 0) return answer
    const { groupId } = asked.request
    if (!given.has(groupId)) given.set(groupId, assignment)
    return { ...answer, assignment: given.get(groupId) }
  })
}

/** A group begins to count its generations anew. */
export function generationsFall(): Sabotage {
  let count = 0
  return brokenGroups((asked, answer) => {
    if (asked.api !== 'JoinGroup' || isRefused(answer)) return answer
    count += 1
    return count % 20 === 0 ? { ...answer, generationId: 1 } : answer
  })
}

/** Now and then a commit is answered that was never made. */
export function commitsAreForgotten(): Sabotage {
  let count = 0
  return brokenServices((services) => {
    const { groups } = services
    const request = ((key: string, asked: GroupRequest, caller: Parameters<typeof groups.request>[2]) => {
      count += 1
      if (asked.api !== 'OffsetCommit' || count % 10 > 0) return groups.request(key, asked, caller)
      const { topics } = asked.request
      const done = ({ partitionIndex }: { readonly partitionIndex: number }) => ({ partitionIndex, errorCode: 0 })
      return Promise.resolve({ topics: topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(done) })) })
    }) as typeof groups.request
    return { ...services, groups: changed(groups, { request }) }
  })
}

/** A request now and then is forgotten. */
export function requestsAreForgotten(): Sabotage {
  let count = 0
  return brokenGroups((asked, answer) => {
    if (asked.api !== 'Heartbeat') return answer
    count += 1
    return count % 50 === 0 ? never() : answer
  })
}

/** A handler fails by a fault of its own. */
export function handlerFails(): Sabotage {
  let count = 0
  return brokenGroups((_asked, answer) => {
    count += 1
    if (count % 500 === 0) throw new TypeError('nothing has no length')
    return answer
  })
}

/** Readers of committed records are given all. */
export const lastStableOffsetRunsAhead = (): Sabotage =>
  brokenLogs((log) => ({
    get lastStableOffset() {
      return log.highWatermark
    },
    available: (from, _isolation, enoughBytes) => log.available(from, 'read_uncommitted', enoughBytes),
    read: (from, _isolation, maxBytes, atLeastOne) => log.read(from, 'read_uncommitted', maxBytes, atLeastOne),
  }))

/** Of aborted transactions the first is not told. */
export const abortedAreForgotten = (): Sabotage =>
  brokenLogs((log) => ({ abortedTransactions: (from, end) => log.abortedTransactions(from, end).slice(1) }))

/** What a producer has written is not known any more when it sends it again. */
export const duplicatesAreForgotten = (): Sabotage =>
  brokenLogs((log) => ({
    append: (batch, guard) => log.append(batch.isTransactional ? batch : { ...batch, producerId: -1n }, guard),
  }))

/** From some moment on the ends of transactions are answered and not written. */
export function markersAreForgotten(): Sabotage {
  let count = 0
  return brokenLogs((log) => ({
    appendMarker: (marker) => {
      count += 1
      if (count < 50) return log.appendMarker(marker)
      return { baseOffset: 0n, lastOffset: 0n, logAppendTimeMs: -1n, duplicate: false }
    },
  }))
}

const isRefused = (answer: object): boolean => 'errorCode' in answer && answer.errorCode !== errorCode('NONE')

const brokenServices = (wrapServices: Sabotage['wrapServices']): Sabotage => broken({ wrapServices })

/** The answers of the group coordinator are changed on their way. */
function brokenGroups(change: (asked: GroupRequest, answer: object) => object | Promise<object>): Sabotage {
  return brokenServices((services) => {
    const { groups } = services
    const request = (async (key: string, asked: GroupRequest, caller: Parameters<typeof groups.request>[2]) =>
      change(asked, await groups.request(key, asked, caller))) as typeof groups.request
    return { ...services, groups: changed(groups, { request }) }
  })
}

/** The logs of topics are changed, those of coordinators are not. */
const brokenLogs = (change: (log: PartitionLog) => Partial<PartitionLog>): Sabotage =>
  broken({ wrapLog: (log) => (log.id.topic.startsWith('__') ? log : changed(log, change(log))) })

/** The same object, but for these members. */
function changed<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(of, name) {
      if (name in members) return Reflect.get(members, name)
      const value: unknown = Reflect.get(of, name, of)
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}
