import { expect, test } from '@jest/globals'
import { noteEveryBytes, SparsePositions } from './sparse-positions.ts'

function filled() {
  const positions = new SparsePositions(1000n)
  // 100 batches of ten offsets and 10,000 bytes: every fourth is noted.
  for (let batch = 0; batch < 100; batch++) {
    positions.add(1000n + BigInt(batch * 10), batch * 10_000, 10_000, batch === 50 ? 9999n : BigInt(batch))
  }
  return positions
}

test('a batch is noted whenever enough bytes have gone by', () => {
  const positions = filled()
  expect(positions.count).toBe(25)
  expect(positions.positionAt(1)).toBe(40_000)
  expect(noteEveryBytes).toBeLessThan(40_000)
})

test('the floor lies at or before the batch, the ceiling behind it', () => {
  const positions = filled()
  for (const offset of [1000n, 1005n, 1039n, 1040n, 1041n, 1500n, 1999n]) {
    const batchPosition = Number((offset - 1000n) / 10n) * 10_000
    expect(positions.positionAt(positions.floorIndex(offset))).toBeLessThanOrEqual(batchPosition)
    expect(positions.ceiling(offset) ?? 1_000_000).toBeGreaterThanOrEqual(Math.ceil(Number(offset - 1000n) / 10) * 10_000)
  }
  expect(positions.positionAt(positions.floorIndex(1045n))).toBe(40_000)
  expect(positions.ceiling(1045n)).toBe(80_000)
  expect(positions.ceiling(1990n)).toBeNull()
  expect(positions.floorIndex(5n)).toBe(0)
})

test('the last note within a position and an offset', () => {
  const positions = filled()
  expect(positions.lastNote(85_000, 5000n)).toEqual({ position: 80_000, offset: 1080n })
  expect(positions.lastNote(500_000, 1079n)).toEqual({ position: 40_000, offset: 1040n })
  expect(positions.lastNote(500_000, 999n)).toBeNull()
})

test('a large batch is noted by itself', () => {
  const positions = new SparsePositions(0n)
  positions.add(0n, 0, 100, 0n)
  positions.add(1n, 100, noteEveryBytes, 0n)
  expect(positions.positionAt(positions.floorIndex(1n))).toBe(100)
})

test('timestamps are found by the stretch that first reaches them, also after a cut', () => {
  const positions = filled()
  expect(positions.indexOfTimestamp(0n)).toBe(0)
  expect(positions.indexOfTimestamp(5n)).toBe(1)
  expect(positions.indexOfTimestamp(60n)).toBe(12)
  expect(positions.indexOfTimestamp(10_000n)).toBe(-1)
  positions.cutAt(12)
  expect(positions.indexOfTimestamp(60n)).toBe(-1)
  expect(positions.maxTimestampAt(11)).toBe(47n)
})

test('without notes everything begins at 0', () => {
  const positions = new SparsePositions(7n)
  expect([positions.floorIndex(7n), positions.positionAt(-1), positions.ceiling(7n)]).toEqual([-1, 0, null])
})
