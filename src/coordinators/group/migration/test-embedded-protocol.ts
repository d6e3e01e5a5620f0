import { encodeAssignment, encodeSubscription } from '../../../../protocol/messages/consumer-protocol.ts'
import { subscription } from '../test-groups.ts'
import { readAssignment } from './embedded-protocol.ts'

const partitionsOf = (text: string) =>
  (text === '' ? [] : text.split('/')).map((word) => {
    const [topic = '', partitions = ''] = word.split(':')
    return { topic, partitions: partitions.split('+').map(Number) }
  })

/** Of version 1 where the member says what it owns (`orders:0+1/payments:0`), else of version 0. */
export const subscriptionOf = (topics: readonly string[], owned: string | undefined): Buffer =>
  owned === undefined
    ? subscription(topics)
    : encodeSubscription({ topics: [...topics], userData: null, ownedPartitions: partitionsOf(owned), generationId: -1 }, 1)

/** A text with a colon names partitions; any other stands for bytes of another protocol. `!` leads what an assignor of its own adds. */
export function assignmentOf(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text)
  const [named = '', userData] = text.split('!')
  return encodeAssignment(
    { assignedPartitions: partitionsOf(named), userData: userData === undefined ? null : Buffer.from(userData) },
    1,
  )
}

export function printAssignment(bytes: Buffer): string {
  const assignment = bytes.length === 0 ? undefined : readAssignment(bytes)
  if (assignment === undefined) return bytes.toString()
  return `v${bytes.readInt16BE()}[${assignment.assignedPartitions.map(({ topic, partitions }) => `${topic}:${partitions.join('+')}`).join('/')}]`
}
