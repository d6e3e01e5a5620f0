import { javaHash } from '../../../protocol/coordinator-records/partition-for.ts'

const hashFactor = 0x9e3779b97f4a7c15n

/** As Kafka's hash table gives them, which its own tools and tests have come to expect: by slot, the last that came first. */
export function inKafkasOrder<Item>(items: readonly Item[], idOf: (item: Item) => string): readonly Item[] {
  let bits = 1n
  while (items.length * 0.75 > Number(1n << bits)) bits += 1n
  const slotOf = (item: Item) => Number(BigInt.asUintN(64, BigInt(javaHash(idOf(item))) * hashFactor) >> (64n - bits))
  return items
    .toReversed()
    .map((item) => ({ item, slot: slotOf(item) }))
    .sort((one, other) => one.slot - other.slot)
    .map(({ item }) => item)
}

/** The first text that is wanted as a `java.util.HashMap` of all gives them: so Kafka decides where protocols have equal votes. */
export function firstInHashMap(texts: readonly string[], wanted: (text: string) => boolean): string {
  let capacity = 16
  while (texts.length > capacity * 0.75) capacity *= 2
  const slotOf = (text: string) => (javaHash(text) ^ (javaHash(text) >>> 16)) & (capacity - 1)
  let first: string | undefined
  for (const text of texts) if (wanted(text) && (first === undefined || slotOf(text) < slotOf(first))) first = text
  return first ?? ''
}
