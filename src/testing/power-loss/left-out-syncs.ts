import type { EntriesOperation } from './disk-operation.ts'
import type { SkipsSync, SyncFacts } from './recorded-disk.ts'

/** A build that leaves one kind of sync out, told by what the sync would have covered. */
export interface LeftOut {
  readonly what: string
  readonly skips: SkipsSync
  /** Found within seconds. */
  readonly isQuick?: true
}

const isLog = (path: string): boolean => path.endsWith('.log')
const isJournal = (path: string): boolean => path.endsWith('.journal')
const isSwap = (path: string): boolean => path.endsWith('.swap')
const isDeleted = (path: string): boolean => path.includes('-delete')
const isAny = (): boolean => true
/** What was done to the directory last: another sync that comes later covers it, too. */
const follows = ({ entries }: SyncFacts, what: EntriesOperation['what'], named: (path: string) => boolean): boolean => {
  const last = entries.at(-1)
  return last !== undefined && last.what === what && named(last.path)
}
const replaces = (path: string): boolean => !isDeleted(path) && !isSwap(path) && !isLog(path)

export const leftOutSyncs: readonly LeftOut[] = [
  { what: 'the segments of logs', skips: ({ path, hasWrites }) => isLog(path) && hasWrites, isQuick: true },
  { what: 'the segments that a start finds', skips: ({ path, hasWrites }, isStarting) => isLog(path) && hasWrites && isStarting },
  { what: 'the journal', skips: ({ path }) => isJournal(path), isQuick: true },
  { what: 'the directory in which the journal is made', skips: (sync) => follows(sync, 'create', isJournal) },
  { what: 'the directory of a log after a roll', skips: (sync) => follows(sync, 'create', isLog), isQuick: true },
  { what: 'a small file before it takes the place of another', skips: ({ path }) => path.endsWith('.tmp') },
  { what: 'the directory after a small file was replaced', skips: (sync) => follows(sync, 'rename', replaces) },
  { what: 'what compaction has written', skips: ({ path }) => path.endsWith('.cleaned') },
  { what: 'the directory before what was compacted is removed', skips: (sync) => follows(sync, 'rename', isSwap) },
  { what: 'the directory in which a directory was made', skips: (sync) => follows(sync, 'mkdir', isAny) },
  {
    what: 'the directory from which the proof of a clean stop was taken',
    skips: (sync) => follows(sync, 'remove', (path) => path.endsWith('.kafka_cleanshutdown')),
  },
]
