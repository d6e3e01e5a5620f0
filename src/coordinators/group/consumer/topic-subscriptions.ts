/** How many members name a topic, and how many of the group's regular expressions match it. */
export interface SubscriptionCount {
  readonly byName: number
  readonly byRegex: number
}

const none: SubscriptionCount = { byName: 0, byRegex: 0 }

/** The topics that a group subscribes to, existing or not, each with how often. */
export class TopicSubscriptions {
  readonly #counts: Map<string, SubscriptionCount>

  constructor(counts: Iterable<readonly [string, SubscriptionCount]> = []) {
    this.#counts = new Map(counts)
  }

  get names(): Iterable<string> {
    return this.#counts.keys()
  }

  get counts(): Iterable<SubscriptionCount> {
    return this.#counts.values()
  }

  has(topic: string): boolean {
    return this.#counts.has(topic)
  }

  copy(): TopicSubscriptions {
    return new TopicSubscriptions(this.#counts)
  }

  countNames(topics: Iterable<string>, change: 1 | -1): void {
    for (const topic of topics) this.#count(topic, change, 0)
  }

  countRegexMatches(topics: Iterable<string>, change: 1 | -1): void {
    for (const topic of topics) this.#count(topic, 0, change)
  }

  #count(topic: string, byName: number, byRegex: number): void {
    const before = this.#counts.get(topic) ?? none
    const count = { byName: Math.max(0, before.byName + byName), byRegex: Math.max(0, before.byRegex + byRegex) }
    if (count.byName === 0 && count.byRegex === 0) this.#counts.delete(topic)
    else this.#counts.set(topic, count)
  }
}

/** Adds to one of a map of counts; what nobody counts any more is forgotten. */
export function count(counts: Map<string, number>, key: string, change: number): void {
  const value = (counts.get(key) ?? 0) + change
  if (value > 0) counts.set(key, value)
  else counts.delete(key)
}
