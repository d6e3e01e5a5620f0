/**
 * The partition of `__consumer_offsets`, `__transaction_state` or `__share_group_state` that a group id, transactional id
 * or share group key belongs to. It is Java's String.hashCode, over UTF-16 units, because Kafka's files are laid out by it.
 */
export function coordinatorPartition(key: string, partitionCount: number): number {
  const hash = javaHash(key)
  // The int32 minimum has no absolute value in int32; Kafka takes 0 for it.
  return hash === -0x80000000 ? 0 : Math.abs(hash) % partitionCount
}

/** Java's `String.hashCode`. */
export function javaHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}
