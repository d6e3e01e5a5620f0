/**
 * Members in the order of how many partitions they own, to give to those with the least and take from those with the most. Both
 * ends are levelled: everyone on the lowest level is given one partition before anyone is given a second, and then the level
 * above joins; the same from the top. `sizes` is the caller's and changes as it gives and takes.
 *
 *     partitions        [#####]#   taken from, right to left, top level first
 *               [..  ]  [#####]#   the last ones have nothing to give of this topic: excluded
 *               [####]##[#####]#
 *               given to, left to right
 */
export class MemberLoads {
  readonly #sizes: Int32Array
  readonly #members: Int32Array
  #leastEnd = 0
  #leastLevel: number
  #nextLeast = 0
  #mostStart: number
  #mostEnd: number
  #mostLevel: number
  #nextMost: number

  /** `members` are in ascending order, which is kept among those that own equally many. */
  constructor(members: readonly number[], sizes: Int32Array) {
    this.#sizes = sizes
    this.#members = bySize(members, sizes)
    const last = members.length - 1
    this.#leastLevel = sizes[this.#members[0]!]! - 1
    this.#mostLevel = sizes[this.#members[last]!]! + 1
    this.#mostStart = members.length
    this.#mostEnd = members.length
    this.#nextMost = last
  }

  /** The one to be given a partition; it counts as given. */
  nextLeastLoaded(): number {
    if (this.#nextLeast >= this.#leastEnd) {
      this.#leastLevel += 1
      while (this.#leastEnd < this.#members.length && this.#sizeAt(this.#leastEnd) === this.#leastLevel) this.#leastEnd += 1
      this.#nextLeast = 0
    }
    return this.#members[this.#nextLeast++]!
  }

  /** The one to take a partition from; it counts as taken unless the member is excluded. Undefined: nobody is left. */
  nextMostLoaded(): number | undefined {
    if (this.#nextMost < this.#mostStart) this.#lowerMostLevel()
    return this.#nextMost < 0 ? undefined : this.#members[this.#nextMost--]!
  }

  #lowerMostLevel(): void {
    // All above were excluded: the next level is whatever the next member has.
    const isEmpty = this.#mostEnd <= this.#mostStart && this.#mostStart > 0
    this.#mostLevel = isEmpty ? this.#sizeAt(this.#mostStart - 1) : this.#mostLevel - 1
    while (this.#mostStart > 0 && this.#sizeAt(this.#mostStart - 1) === this.#mostLevel) this.#mostStart -= 1
    this.#nextMost = this.#mostEnd - 1
  }

  /** The member that `nextMostLoaded` gave last has nothing to give. */
  excludeMostLoaded(): void {
    const at = this.#nextMost + 1
    const excluded = this.#members[at]!
    this.#mostEnd -= 1
    this.#members[at] = this.#members[this.#mostEnd]!
    this.#members[this.#mostEnd] = excluded
  }

  /** To move one more partition would change nothing for the better. */
  get isBalanced(): boolean {
    return this.#mostLevel - this.#leastLevel <= 1
  }

  #sizeAt(index: number): number {
    return this.#sizes[this.#members[index]!]!
  }
}

/** Sorts by size, and keeps the order of those of one size: in linear time where sizes lie close together, as they do but for odd groups. */
function bySize(members: readonly number[], sizes: Int32Array): Int32Array {
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (const member of members) {
    const size = sizes[member]!
    if (size < least) least = size
    if (size > most) most = size
  }
  if (least === most) return Int32Array.from(members)
  if (most - least > members.length) return Int32Array.from(members).sort((one, other) => sizes[one]! - sizes[other]!)
  const ends = new Int32Array(most - least + 2)
  for (const member of members) ends[sizes[member]! - least + 1]! += 1
  for (let level = 1; level < ends.length; level++) ends[level]! += ends[level - 1]!
  const sorted = new Int32Array(members.length)
  for (const member of members) sorted[ends[sizes[member]! - least]!++] = member
  return sorted
}
