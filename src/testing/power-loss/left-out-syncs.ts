import type { SyncFacts } from './recorded-disk.ts'

/** A build that leaves one kind of sync out, told by what the sync would have covered. */
export interface LeftOut {
  readonly what: string
  readonly skips: (sync: SyncFacts) => boolean
}

const isLog = (path: string): boolean => path.endsWith('.log')
const isData = (path: string): boolean => path === '/data/one' || path === '/data/two'
const has = (sync: SyncFacts, what: string, named: (path: string) => boolean): boolean =>
  sync.entries.some((entry) => entry.what === what && named(entry.path))

export const leftOutSyncs: readonly LeftOut[] = [
  { what: 'the segments of logs', skips: ({ path, hasWrites }) => isLog(path) && hasWrites },
  { what: 'the directory of a log after a roll', skips: (sync) => has(sync, 'create', isLog) },
  { what: 'a small file before it takes the place of another', skips: ({ path }) => path.endsWith('.tmp') },
  { what: 'the directory after a file was replaced', skips: (sync) => has(sync, 'rename', (path) => !path.includes('-delete')) },
  { what: 'the directory that a new directory is in', skips: (sync) => has(sync, 'mkdir', () => true) },
  {
    what: 'the data directory after a log was deleted',
    skips: (sync) => has(sync, 'rename', (path) => path.includes('-delete')),
  },
  {
    what: 'the data directory after the proof of a clean stop was taken',
    skips: (sync) => isData(sync.path) && has(sync, 'remove', () => true),
  },
  { what: 'a log that was cut', skips: ({ path, hasTruncations, hasWrites }) => isLog(path) && hasTruncations && !hasWrites },
]
