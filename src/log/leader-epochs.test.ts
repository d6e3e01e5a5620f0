import { describe, expect, test } from '@jest/globals'
import { LeaderEpochs } from './leader-epochs.ts'

function epochsOf(...starts: readonly [number, bigint][]): LeaderEpochs {
  const epochs = new LeaderEpochs()
  for (const [epoch, startOffset] of starts) epochs.assign(epoch, startOffset)
  return epochs
}

const text = (epochs: LeaderEpochs): string => epochs.encode().toString()

describe('the end offset of a leader epoch', () => {
  const epochs = epochsOf([2, 10n], [4, 20n], [7, 30n])
  const cases: readonly [string, number, number, bigint][] = [
    ['the latest ends at the log end offset', 7, 7, 35n],
    ['an earlier one ends where the next began', 4, 4, 30n],
    ['one without records is answered by the largest before it', 5, 4, 30n],
    ['one before all that is known ends where the first known began', 1, 1, 10n],
    ['a later one is not known', 8, -1, -1n],
    ['none (-1) is not known', -1, -1, -1n],
  ]
  test.each(cases)('%s', (_what, asked, leaderEpoch, endOffset) => {
    expect(epochs.endOffsetFor(asked, 35n)).toEqual({ leaderEpoch, endOffset })
  })

  test('nothing is known of an empty history', () => {
    expect(new LeaderEpochs().endOffsetFor(0, 5n)).toEqual({ leaderEpoch: -1, endOffset: -1n })
  })
})

describe('the history of leader epochs', () => {
  test('keeps the first offset of an epoch', () => {
    const epochs = epochsOf([1, 5n], [1, 8n])
    expect(epochs.latest).toEqual({ epoch: 1, startOffset: 5n })
  })

  test('drops an epoch that wrote nothing before the next one', () => {
    expect(text(epochsOf([1, 5n], [2, 8n], [3, 8n]))).toBe('0\n2\n1 5\n3 8\n')
  })

  test('ends with the log', () => {
    const epochs = epochsOf([1, 0n], [2, 8n], [3, 9n])
    epochs.truncateFromEnd(8n)
    expect(text(epochs)).toBe('0\n1\n1 0\n')
  })

  test('begins with the log: the epoch that holds the start begins there', () => {
    const epochs = epochsOf([1, 0n], [2, 8n], [3, 12n])
    epochs.truncateFromStart(10n)
    expect(text(epochs)).toBe('0\n2\n2 10\n3 12\n')
    expect(epochs.earliest).toEqual({ epoch: 2, startOffset: 10n })
  })

  test("is written and read in Kafka's leader-epoch-checkpoint", () => {
    const decoded = LeaderEpochs.decode(Buffer.from('0\n2\n0 0\n3 17\n'))
    expect(decoded?.latest).toEqual({ epoch: 3, startOffset: 17n })
    expect(decoded?.encode().toString()).toBe('0\n2\n0 0\n3 17\n')
  })

  test.each(['', '1\n0\n', '0\n2\n1 1\n', '0\n1\n1\n', '0\n1\nx 5\n', '0\n1\n-1 5\n', '0\n1\n99999999999 5\n'])(
    'is not read from %j',
    (bytes) => {
      expect(LeaderEpochs.decode(Buffer.from(bytes))).toBeNull()
    },
  )
})
