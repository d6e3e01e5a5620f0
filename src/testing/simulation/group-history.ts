import type { Violations } from './violations.ts'

interface Group {
  /** The newest generation of which somebody was given its assignment. */
  newest: number
  /** Who was given a partition in a generation. */
  readonly owners: Map<string, string>
}

/**
 * What the members of classic groups were told. One partition has one owner in a generation, for ever; whoever asks after
 * somebody was given an assignment of a generation is answered for no older one.
 */
export class GroupHistory {
  readonly #groups = new Map<string, Group>()
  readonly #violations: Violations
  assignedCount = 0

  constructor(violations: Violations) {
    this.#violations = violations
  }

  /** To be taken before a member asks. */
  newest(groupId: string): number {
    return this.#group(groupId).newest
  }

  /** A member was answered as one of this generation; `newest` as it was when it asked. */
  spoke(groupId: string, memberId: string, generation: number, newest: number, api: string): void {
    if (generation >= newest) return
    const what = `${groupId}: ${memberId} was answered ${api} in generation ${generation} after ${newest} was complete`
    this.#violations.report('epochs-rise', what)
  }

  /** `member`: its instance, if it is a static one, for that is who it is when it comes back under another id. */
  assigned(groupId: string, member: string, generation: number, partitions: readonly string[]): void {
    const group = this.#group(groupId)
    this.assignedCount += 1
    if (generation > group.newest) group.newest = generation
    for (const partition of partitions) {
      const key = `${generation} ${partition}`
      const owner = group.owners.get(key)
      if (owner !== undefined && owner !== member) {
        const what = `${groupId}: ${partition} was given to ${owner} and to ${member} in generation ${generation}`
        this.#violations.report('one-owner', what)
      }
      group.owners.set(key, member)
    }
  }

  /** An offset was committed as the owner of its partition. */
  committed(groupId: string, member: string, generation: number, partition: string): void {
    const owner = this.#group(groupId).owners.get(`${generation} ${partition}`)
    if (owner === undefined || owner === member) return
    this.#violations.report('one-owner', `${groupId}: ${member} committed ${partition} of ${owner} in generation ${generation}`)
  }

  #group(groupId: string): Group {
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    const group: Group = { newest: -1, owners: new Map() }
    this.#groups.set(groupId, group)
    return group
  }
}
