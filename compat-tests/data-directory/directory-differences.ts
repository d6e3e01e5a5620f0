import type { Acknowledged, DirectoryState, LogState } from './directory-client.ts'

/** The paths at which two values differ, with both values. */
function differencesOf(path: string, before: unknown, after: unknown): string[] {
  if (typeof before === 'object' && before !== null && typeof after === 'object' && after !== null) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) =>
      differencesOf(`${path}.${name}`, (before as Record<string, unknown>)[name], (after as Record<string, unknown>)[name]),
    )
  }
  return Object.is(before, after) ? [] : [`${path}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`]
}

const KEY = /^(?<offset>\d+) .* (?<key>key-\d+) (?<value>\S+)$/

/** What compaction must keep: the latest value of each key, at its offset. Deleted keys may be there or not. */
function compactedState({ start, stable, end, records }: LogState): object {
  const latest: Record<string, string> = {}
  for (const record of records) {
    const { offset, key, value } = KEY.exec(record)?.groups ?? {}
    if (value === 'null') delete latest[key!]
    else latest[key!] = `${value} at ${offset}`
  }
  return { start, stable, end, latest }
}

const answered = <T>(values: Readonly<Record<string, T | null>>, other: Readonly<Record<string, T | null>>): object =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== null && (other[name] ?? null) !== null))

/** Clients that stay do not stop while a state is told: what they did is judged otherwise. */
const staying = /^(?:burst-|staying-|__)/

const withoutStaying = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !staying.test(name)))

/**
 * What one broker left and the next one must show. Compacted logs may have lost what compaction may take; a broker that does
 * not offer something need not tell of it.
 */
export function differencesOfStates(before: DirectoryState, after: DirectoryState): string[] {
  const comparable = (state: DirectoryState, other: DirectoryState): object => ({
    ...state,
    logs: Object.fromEntries(
      Object.entries(withoutStaying(state.logs)).map(([name, log]) => [
        name,
        name.startsWith('compacted-') ? compactedState(log) : log,
      ]),
    ),
    groups: withoutStaying(state.groups),
    features: answered(state.features, other.features),
    kept: answered(state.kept, other.kept),
  })
  return differencesOf('', comparable(before, after), comparable(after, before))
}

/** A state with what an earlier broker told and this one does not: it must be there again with the next one that does. */
export function withUntold(state: DirectoryState, earlier: DirectoryState): DirectoryState {
  const kept = Object.entries(state.kept).map(([name, value]) => [name, value ?? earlier.kept[name] ?? null])
  return { ...state, features: { ...earlier.features, ...state.features }, kept: Object.fromEntries(kept) }
}

/** Acknowledged records that are not at their offset with their timestamp. */
export function missingRecords(acknowledged: Acknowledged, { logs }: DirectoryState): string[] {
  const known = new Map(
    Object.entries(logs).map(([name, { records }]) => [name, new Set(records.map((record) => record.split(' ', 2).join(' ')))]),
  )
  return acknowledged
    .filter(([topic, partition, offset, timestamp]) => !known.get(`${topic}-${partition}`)?.has(`${offset} 0@${timestamp}`))
    .map(([topic, partition, offset]) => `${topic}-${partition}@${offset} was acknowledged and is not there`)
}
