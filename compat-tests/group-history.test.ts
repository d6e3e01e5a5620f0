import { describe, expect, test } from '@jest/globals'
import { GroupHistory } from './group-history.ts'

const sound = { missed: [], belowCommitted: [], twoOwners: [], failed: [] }

/** One member had the partition, read and committed three records, and gave it to another, who reads on. */
function movedOn(firstOffset = 3, from = 50, revokedAt = 40, generations = [1, 2]): GroupHistory {
  const history = new GroupHistory()
  history.note({ kind: 'assigned', member: 'a', at: 10, generation: generations[0]!, partitions: [0] })
  history.note({ kind: 'records', member: 'a', at: 20, records: [0, 1, 2].map((offset) => [0, offset, `v${offset}`] as const) })
  history.note({ kind: 'committed', member: 'a', at: 30, offsets: [[0, 3]] })
  history.note({ kind: 'revoked', member: 'a', at: revokedAt, partitions: [0] })
  history.note({ kind: 'assigned', member: 'b', at: from, generation: generations[1]!, partitions: [0] })
  history.note({ kind: 'records', member: 'b', at: 60, records: [[0, firstOffset, `v${firstOffset}`]] })
  return history
}

describe('what members told is looked at', () => {
  test('a partition that moves after its commit is sound', () => {
    expect(movedOn().faults(['v0', 'v1', 'v2', 'v3'])).toEqual(sound)
  })

  test('a record that nobody was given is missed', () => {
    expect(movedOn().faults(['v0', 'v3', 'v4'])).toEqual({ ...sound, missed: ['v4'] })
  })

  test('a record below an offset that was committed before the move is given again', () => {
    expect(movedOn(2).faults([]).belowCommitted).toEqual(['b was given 0@2, though 3 was committed before'])
  })

  test('a commit that was acknowledged after the move proves nothing', () => {
    expect(movedOn(2, 30, 29).faults([])).toEqual(sound)
  })

  test('a record that its owner is given twice', () => {
    const history = movedOn()
    history.note({ kind: 'records', member: 'b', at: 70, records: [[0, 3, 'v3']] })
    expect(history.faults([]).belowCommitted).toEqual(['b was given 0@3 twice while it had the partition'])
  })

  test('two owners at one time', () => {
    expect(movedOn(3, 50, 55).faults([]).twoOwners).toHaveLength(1)
  })

  test('two owners in one generation, though not at one time', () => {
    expect(movedOn(3, 50, 40, [1, 1]).faults([]).twoOwners).toHaveLength(1)
  })

  test('a member that learns late that it is none any more did not own what another had', () => {
    const history = new GroupHistory()
    history.note({ kind: 'assigned', member: 'a', at: 10, generation: 1, partitions: [0] })
    history.note({ kind: 'assigned', member: 'b', at: 20, generation: 2, partitions: [0] })
    history.note({ kind: 'lost', member: 'a', at: 30, partitions: [0] })
    expect(history.faults([])).toEqual(sound)
  })

  test('a member that was killed owns nothing from then on', () => {
    const history = new GroupHistory()
    history.note({ kind: 'assigned', member: 'a', at: 10, generation: 1, partitions: [0] })
    history.crashed('a', 20)
    history.note({ kind: 'assigned', member: 'b', at: 25, generation: 2, partitions: [0] })
    expect(history.faults([])).toEqual(sound)
  })
})
