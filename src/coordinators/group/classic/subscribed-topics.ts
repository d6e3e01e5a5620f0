import type { ClassicMember } from './classic-member.ts'

/**
 * The topics that the members of a consumer group subscribe to, as their metadata says; null where it does not say. They
 * stand at the front of the metadata in every version of the consumer protocol: a version, then an array of names.
 */
export function subscribedTopics(members: Iterable<ClassicMember>, protocolName: string): ReadonlySet<string> | null {
  const topics = new Set<string>()
  for (const member of members) {
    const metadata = member.metadata(protocolName)
    if (metadata === null || !addTopics(metadata, topics)) return null
  }
  return topics
}

/** False where the bytes are something else: whoever leads the group may put there what it likes. */
function addTopics(metadata: Buffer, topics: Set<string>): boolean {
  if (metadata.length < 6) return false
  if (metadata.readInt16BE(0) < 0) return false
  const count = metadata.readInt32BE(2)
  let at = 6
  for (let index = 0; index < count; index += 1) {
    if (at + 2 > metadata.length) return false
    const end = at + 2 + metadata.readInt16BE(at)
    if (end < at + 2 || end > metadata.length) return false
    topics.add(metadata.toString('utf8', at + 2, end))
    at = end
  }
  return true
}
