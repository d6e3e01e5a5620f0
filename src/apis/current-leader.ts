import type { KafkaError } from '../../protocol/errors.ts'
import type { RequestContext } from './context.ts'
import { reachableNodes } from './reachable-nodes.ts'

interface CurrentLeader {
  readonly leaderId: number
  readonly leaderEpoch: number
}

/** Where the leader is, beside an error that says it is not here: the client need not ask for metadata first (KIP-951). */
export function currentLeaderOf(error: KafkaError | null): CurrentLeader | undefined {
  const leader = error?.details.leader
  // A client that is ahead of this node is told nothing: what it knows is newer.
  if (leader === undefined || error?.code === 'UNKNOWN_LEADER_EPOCH') return undefined
  return { leaderId: leader.id, leaderEpoch: leader.epoch }
}

/** How to reach the leaders that a response names. */
export function leaderEndpoints(leaders: readonly (CurrentLeader | undefined)[], context: RequestContext) {
  const ids = new Set(leaders.flatMap((leader) => (leader === undefined ? [] : [leader.leaderId])))
  return reachableNodes(context)
    .filter(({ node }) => ids.has(node.id))
    .map(({ node, host, port }) => ({ nodeId: node.id, host, port, rack: node.rack }))
}
