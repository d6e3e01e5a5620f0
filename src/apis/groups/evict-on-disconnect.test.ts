import { expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { heartbeat } from '../../../protocol/messages/heartbeat.ts'
import { joinGroup } from '../../../protocol/messages/join-group.ts'
import { syncGroup } from '../../../protocol/messages/sync-group.ts'
import type { ProtocolClient } from '../../testing/protocol-client.ts'
import { testBroker } from '../test-broker.ts'

const broker = testBroker({
  config: {
    'group.consumer.min.heartbeat.interval.ms': 1000,
    'group.consumer.heartbeat.interval.ms': 1000,
    'group.evict.on.disconnect': 3001,
  },
})
const groupId = 'g'
/** Longer than the test may take: whoever waits for a session to end fails it. */
const sessionTimeoutMs = 120_000

async function join(client: ProtocolClient, memberId = '') {
  const protocols = [{ name: 'range', metadata: Buffer.from('subscription') }]
  const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs: sessionTimeoutMs }
  const joined = await client.request(joinGroup, 3, { groupId, ...timeouts, memberId, protocolType: 'consumer', protocols })
  expect(errorName(joined.errorCode)).toBe('NONE')
  return joined
}

async function sync(client: ProtocolClient, memberId: string, generationId: number) {
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  return client.request(syncGroup, 3, { groupId, generationId, memberId, assignments })
}

test('a second consumer gets the partitions after the grace of the first, which has vanished', async () => {
  const first = await broker.connect()
  await first.request(findCoordinator, 3, { key: groupId, keyType: 0 })
  const before = await join(first)
  await sync(first, before.memberId, before.generationId)
  await first.request(heartbeat, 3, { groupId, generationId: 1, memberId: before.memberId })
  const second = await broker.connect()
  const joining = join(second)
  await first.close()
  const after = await joining
  expect(after.leader).toBe(after.memberId)
  expect(after.members).toHaveLength(1)
  expect((await sync(second, after.memberId, after.generationId)).assignment.toString()).toBe('all')
  await second.close()
}, 30_000)
