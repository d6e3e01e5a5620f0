import { describe, expect, test } from '@jest/globals'
import { RangeChanges } from './range-changes.ts'

describe('changes of the ranges of a log', () => {
  test('run one after the other, also behind one that failed', async () => {
    const changes = new RangeChanges()
    const seen: string[] = []
    const [first, second, third] = ['first', 'second', 'third'].map((name) =>
      changes.run(async () => {
        seen.push(`${name} begins`)
        await Promise.resolve()
        seen.push(`${name} ends`)
        if (name === 'first') throw new Error('no')
        return name
      }),
    )
    await expect(first).rejects.toThrow('no')
    expect(await second).toBe('second')
    expect(await third).toBe('third')
    expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends'])
    await Promise.resolve()
    expect(changes.isBusy).toBe(false)
  })

  test('tell the one under way that another waits', async () => {
    const changes = new RangeChanges()
    let end = (): void => {}
    const long = changes.run(() => new Promise<void>((resolve) => (end = resolve)))
    await Promise.resolve()
    expect([changes.isBusy, changes.isAwaited]).toEqual([true, false])
    const other = changes.run(async () => changes.isAwaited)
    expect(changes.isAwaited).toBe(true)
    end()
    await long
    expect(await other).toBe(false)
  })
})
