import { describe, expect, test } from '@jest/globals'
import { GroupCommit, type Syncable } from './group-commit.ts'

class RecordedLog implements Syncable {
  readonly name: string
  readonly #begun: string[]
  #done: (() => void)[] = []

  constructor(name: string, begun: string[]) {
    this.name = name
    this.#begun = begun
  }

  syncWritten(): Promise<void> {
    this.#begun.push(this.name)
    return new Promise((resolve) => this.#done.push(resolve))
  }

  async finish(): Promise<void> {
    this.#done.shift()?.()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('the group commit', () => {
  function logs(...names: string[]) {
    const begun: string[] = []
    return { begun, logs: names.map((name) => new RecordedLog(name, begun)) }
  }

  test('leaves one thread of the pool to reads and opens', () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd', 'e')
    const groupCommit = new GroupCommit(4)
    for (const log of all) groupCommit.request(log, false)
    expect(begun).toEqual(['a', 'b', 'c'])
    expect(groupCommit.inFlightCount).toBe(3)
  })

  test('even a pool of one thread syncs', () => {
    const { begun, logs: all } = logs('a', 'b')
    const groupCommit = new GroupCommit(1)
    for (const log of all) groupCommit.request(log, false)
    expect(begun).toEqual(['a'])
  })

  test('a log that somebody waits for goes first, else in order of arrival', async () => {
    const { begun, logs: all } = logs('a', 'b', 'c', 'd')
    const [a, b, c, d] = all as [RecordedLog, RecordedLog, RecordedLog, RecordedLog]
    const groupCommit = new GroupCommit(2)
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
    const groupCommit = new GroupCommit(4)
    groupCommit.request(a, true)
    groupCommit.request(a, true)
    groupCommit.request(a, true)
    expect(begun).toEqual(['a'])
    await a.finish()
    expect(begun).toEqual(['a', 'a'])
    await a.finish()
    expect(begun).toEqual(['a', 'a'])
  })
})
