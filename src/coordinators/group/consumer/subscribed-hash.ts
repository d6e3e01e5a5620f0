import type { Turn } from '../turn.ts'
import { groupHash } from './metadata-hash.ts'

/** The hash of the topics that exist of those that a group subscribes to. */
export function subscribedHash(names: Iterable<string>, { topics }: Turn): bigint {
  return groupHash([...names].flatMap((name) => topics.byName(name) ?? []))
}
