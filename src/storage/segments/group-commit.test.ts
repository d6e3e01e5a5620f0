import { describe, expect, test } from '@jest/globals'
import { systemTime } from '../../environment/clock.ts'
import { GroupCommit, type RoundJournal, type Syncable } from './group-commit.ts'
import type { JournaledLog, RoundPart } from './journal.ts'
import { SyncSlots } from './sync-slots.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

class RecordedLog implements Syncable {
  readonly journalId = { topicId: '', partition: 0 }
  readonly checkpointEnd = 0n
  readonly name: string
  isDurable = false
  /** In a round; null: never. */
  bytes: number | null = 100
  readonly #begun: string[]
  #done: (() => void)[] = []

  constructor(name: string, begun: string[]) {
    this.name = name
    this.#begun = begun
  }

  writeAppended(): void {
    this.#begun.push(`${this.name} written`)
  }

  syncWritten(): Promise<void> {
    this.#begun.push(this.name)
    return new Promise((resolve) => this.#done.push(resolve))
  }

  joinRound(): RoundPart | null {
    if (this.bytes === null) return null
    const becameDurable = (): void => void this.#begun.push(`${this.name} durable`)
    return { log: this, stretches: [], bytes: this.bytes, end: 0n, becameDurable }
  }

  async finish(): Promise<void> {
    this.#done.shift()?.()
    await turn()
  }
}

class RecordedJournal implements RoundJournal {
  bytesMax = 1000
  checkpoint: (log: JournaledLog) => Promise<void> = async () => {}
  readonly rounds: string[][] = []
  #parts: readonly RoundPart[] = []
  #done: (durable: ReadonlySet<RoundPart>) => void = () => {}

  onCheckpoint(checkpoint: (log: JournaledLog) => Promise<void>): void {
    this.checkpoint = checkpoint
  }

  roundBytesMax(): number {
    return this.bytesMax
  }

  write(parts: readonly RoundPart[]): Promise<ReadonlySet<RoundPart>> {
    this.rounds.push(parts.map(({ log }) => (log as RecordedLog).name))
    this.#parts = parts
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  async finish(without: readonly string[] = []): Promise<void> {
    this.#done(new Set(this.#parts.filter(({ log }) => !without.includes((log as RecordedLog).name))))
    await turn()
  }
}

function groupCommitWith(threads: number, journal: RoundJournal | null = null): GroupCommit {
  return new GroupCommit(systemTime(), new SyncSlots(threads), journal)
}

function logs(...names: string[]) {
  const begun: string[] = []
  return { begun, logs: names.map((name) => new RecordedLog(name, begun)) }
}

describe('the group commit', () => {
  test('leaves one thread of the pool to reads and opens', () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd', 'e')
    const groupCommit = groupCommitWith(4)
    for (const log of all) groupCommit.request(log, false)
    expect(begun).toEqual(['a', 'b', 'c'])
    expect(groupCommit.inFlightCount).toBe(3)
  })

  test('even a pool of one thread syncs', () => {
    const { begun, logs: all } = logs('a', 'b')
    const groupCommit = groupCommitWith(1)
    for (const log of all) groupCommit.request(log, false)
    expect(begun).toEqual(['a'])
  })

  test('directories share the threads, and take turns', async () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd')
    const [a, b, c] = all as [RecordedLog, RecordedLog, RecordedLog, RecordedLog]
    const slots = new SyncSlots(2)
    const [one, other] = [new GroupCommit(systemTime(), slots, null), new GroupCommit(systemTime(), slots, null)]
    one.request(a, true)
    one.request(b, true)
    other.request(c, true)
    other.request(all[3]!, true)
    await a.finish()
    await b.finish()
    await c.finish()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a log that somebody waits for goes first, else in order of arrival', async () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd')
    const [a, b, c, d] = all as [RecordedLog, RecordedLog, RecordedLog, RecordedLog]
    const groupCommit = groupCommitWith(2)
    groupCommit.request(a, false)
    groupCommit.request(b, false)
    groupCommit.request(c, false)
    groupCommit.request(d, true)
    await a.finish()
    await d.finish()
    await b.finish()
    expect(begun).toEqual(['a', 'd', 'b', 'c'])
    groupCommit.request(a, false)
    groupCommit.request(b, false)
    groupCommit.request(b, true)
    await c.finish()
    await b.finish()
    expect(begun).toEqual(['a', 'd', 'b', 'c', 'b', 'a'])
  })

  test('what was written during a sync of the log is covered by the next one, not by a second at once', async () => {
    const { begun, logs: all } = logs('a')
    const [a] = all as [RecordedLog]
    const groupCommit = groupCommitWith(4)
    groupCommit.request(a, true)
    groupCommit.request(a, true)
    groupCommit.request(a, true)
    expect(begun).toEqual(['a'])
    await a.finish()
    expect(begun).toEqual(['a', 'a'])
    await a.finish()
    expect(begun).toEqual(['a', 'a'])
  })

  test('what the sync under way covered is not synced again, though it was asked for', async () => {
    const { begun, logs: all } = logs('a')
    const [a] = all as [RecordedLog]
    const groupCommit = groupCommitWith(4)
    groupCommit.request(a, true)
    groupCommit.request(a, true)
    a.isDurable = true
    await a.finish()
    expect(begun).toEqual(['a'])
  })

  test('all logs of a turn write before the first is synced', async () => {
    const { begun, logs: all } = logs('a', 'b')
    const groupCommit = groupCommitWith(4)
    for (const log of all) {
      log.writeAppended = () => {
        begun.push(`${log.name} written`)
        groupCommit.request(log, false)
      }
      groupCommit.writeAtEndOfTurn(log)
    }
    await turn()
    expect(begun).toEqual(['a written', 'b written', 'a', 'b'])
  })

  test('files synced in the background take turns with logs that somebody waits for; none is synced twice at once', async () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd')
    const [a, b, c, d] = all as [RecordedLog, RecordedLog, RecordedLog, RecordedLog]
    const groupCommit = groupCommitWith(2)
    groupCommit.request(a, true)
    groupCommit.request(b, true)
    const synced: string[] = []
    void groupCommit.syncFiles(a).then(() => synced.push('a'))
    void groupCommit.syncFiles(c).then(() => synced.push('c'))
    expect(begun).toEqual(['a'])
    await a.finish()
    await a.finish()
    groupCommit.request(d, true)
    await b.finish()
    await c.finish()
    await d.finish()
    expect(begun).toEqual(['a', 'a', 'b', 'c', 'd'])
    expect(synced).toEqual(['a', 'c'])
  })

  test('who waits for a file in the background is told when the log is forgotten', async () => {
    const { begun, logs: all } = logs('a', 'b')
    const [a, b] = all as [RecordedLog, RecordedLog]
    const groupCommit = groupCommitWith(2)
    groupCommit.request(a, true)
    const synced = groupCommit.syncFiles(b)
    groupCommit.forget(b)
    await synced
    await a.finish()
    expect(begun).toEqual(['a'])
  })
})

describe('the group commit with a journal', () => {
  const names = ['a', 'b', 'c', 'd', 'e']

  function five(threads = 4) {
    const journal = new RecordedJournal()
    return { ...logs(...names), journal, groupCommit: groupCommitWith(threads, journal) }
  }

  /** As if all had written in one turn. */
  async function writeAll(groupCommit: GroupCommit, all: readonly RecordedLog[]): Promise<void> {
    for (const log of all) {
      log.writeAppended = () => groupCommit.request(log, true)
      groupCommit.writeAtEndOfTurn(log)
    }
    await turn()
  }

  test('logs as few as can be synced at once are synced themselves', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    await writeAll(groupCommit, all.slice(0, 3))
    expect([begun, journal.rounds]).toEqual([['a', 'b', 'c'], []])
  })

  test('more of them are one round', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    await writeAll(groupCommit, all)
    expect([begun, journal.rounds]).toEqual([[], [names]])
    await journal.finish()
    expect(begun).toEqual(names.map((name) => `${name} durable`))
    expect(groupCommit.inFlightCount).toBe(0)
  })

  test('while a round is under way the next collects', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    await writeAll(groupCommit, all.slice(0, 4))
    await writeAll(groupCommit, all)
    expect([begun, journal.rounds]).toEqual([[], [['a', 'b', 'c', 'd']]])
    await journal.finish()
    expect(journal.rounds[1]!.toSorted()).toEqual(names)
  })

  test('what the journal does not take is synced itself at the same time', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    all[1]!.bytes = null
    await writeAll(groupCommit, all)
    expect([begun, journal.rounds]).toEqual([['b'], [['a', 'c', 'd', 'e']]])
  })

  test('what exceeds the round comes next', async () => {
    const { logs: all, journal, groupCommit } = five(2)
    journal.bytesMax = 250
    await writeAll(groupCommit, all)
    await journal.finish()
    expect(journal.rounds).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  test('what no round has room for is synced itself', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    all[0]!.bytes = 2000
    await writeAll(groupCommit, all)
    expect([begun, journal.rounds]).toEqual([['a'], [['b', 'c', 'd', 'e']]])
  })

  test('a journal that is full leaves the logs to be synced themselves', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    journal.bytesMax = 0
    await writeAll(groupCommit, all)
    expect([begun, journal.rounds]).toEqual([['a', 'b', 'c'], []])
  })

  test('logs whose round failed are synced themselves', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    await writeAll(groupCommit, all)
    journal.bytesMax = 0
    await journal.finish(['a', 'c'])
    expect(begun).toEqual(['b durable', 'd durable', 'e durable', 'a', 'c'])
  })

  test('a log that was forgotten while its round failed is left alone', async () => {
    const { begun, logs: all, journal, groupCommit } = five()
    await writeAll(groupCommit, all)
    groupCommit.forget(all[0]!)
    journal.bytesMax = 0
    await journal.finish(names)
    expect(begun).toEqual(['b', 'c', 'd'])
  })

  test('with one thread rounds and files in the background take turns', async () => {
    const { begun, logs: all, journal, groupCommit } = five(1)
    await writeAll(groupCommit, all.slice(0, 2))
    void groupCommit.syncFiles(all[2]!)
    void groupCommit.syncFiles(all[3]!)
    await writeAll(groupCommit, all.slice(0, 2))
    await journal.finish()
    expect(begun).toEqual(['a durable', 'b durable', 'c'])
    await all[2]!.finish()
    expect(journal.rounds.length).toBe(2)
    await journal.finish()
    expect(begun.slice(-1)).toEqual(['d'])
  })
})
