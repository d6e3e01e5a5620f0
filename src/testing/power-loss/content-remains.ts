import type { Dice } from '../simulation/dice.ts'
import type { ContentOperation } from './disk-operation.ts'

const blockSizes = [4096, 4096, 512]

/** How many of the operations each block of a file has seen, and how many its size has. */
interface Versions {
  readonly ofSize: number
  ofBlock(block: number): number
}

/**
 * What a file may hold after a loss of power: what was durable, and of the operations since then any part. Each block is on the
 * disk as it was at a moment of its own, and so is the size; behind the old end there may be zeros or what was on the disk before.
 */
export function contentRemains(durable: Buffer, pending: readonly ContentOperation[], dice: Dice): Buffer {
  if (pending.length === 0) return durable
  const blockBytes = dice.pick(blockSizes)
  const versions = drawVersions(pending.length, dice)
  const sizes = sizesAfter(durable.length, pending)
  const content = Buffer.alloc(Math.max(...sizes))
  durable.copy(content)
  const blocks = Math.ceil(content.length / blockBytes)
  const version = Array.from({ length: blocks }, (_, block) => versions.ofBlock(block))
  for (const [index, operation] of pending.entries()) {
    const from = operation.kind === 'write' ? operation.position : operation.sizeBytes
    const to = operation.kind === 'write' ? from + operation.bytes.length : content.length
    for (let at = from; at < to; ) {
      const block = Math.floor(at / blockBytes)
      const end = Math.min(to, (block + 1) * blockBytes)
      if (version[block]! > index) {
        if (operation.kind === 'write') operation.bytes.copy(content, at, at - from, end - from)
        else content.fill(0, at, end)
      }
      at = end
    }
  }
  if (dice.chance(0.3)) fillUnwritten(content, Math.ceil(durable.length / blockBytes), version, blockBytes, dice)
  return content.subarray(0, sizes[versions.ofSize]!)
}

function sizesAfter(first: number, pending: readonly ContentOperation[]): readonly number[] {
  const sizes = [first]
  for (const operation of pending) {
    const before = sizes.at(-1)!
    if (operation.kind === 'truncate') sizes.push(operation.sizeBytes)
    else sizes.push(Math.max(before, operation.position + operation.bytes.length))
  }
  return sizes
}

function drawVersions(count: number, dice: Dice): Versions {
  const any = (): number => dice.roll(count + 1)
  const kind = dice.pick(['all', 'none', 'prefix', 'torn', 'torn', 'any', 'any', 'size ahead', 'size behind'] as const)
  if (kind === 'all') return { ofSize: count, ofBlock: () => count }
  if (kind === 'none') return { ofSize: 0, ofBlock: () => 0 }
  const cut = any()
  if (kind === 'prefix') return { ofSize: cut, ofBlock: () => cut }
  // The last of them lies on the disk in part.
  if (kind === 'torn') return { ofSize: cut, ofBlock: () => Math.max(0, cut - dice.roll(2)) }
  if (kind === 'size ahead') return { ofSize: count, ofBlock: () => (dice.chance(0.3) ? any() : 0) }
  if (kind === 'size behind') return { ofSize: cut, ofBlock: () => count }
  return { ofSize: dice.chance(0.5) ? count : any(), ofBlock: () => (dice.chance(0.5) ? count : any()) }
}

/** Blocks that a file got and that were never written hold zeros where the system cares, and somebody's old bytes where not. */
function fillUnwritten(content: Buffer, from: number, version: readonly number[], blockBytes: number, dice: Dice): void {
  const old = dice.chance(0.5)
  for (let block = from; block < version.length; block++) {
    if (version[block] !== 0) continue
    const to = content.subarray(block * blockBytes, (block + 1) * blockBytes)
    // An earlier stretch of the same log is the worst of old bytes: its batches are sound.
    if (old) content.copy(to, 0, 0, to.length)
    else for (let at = 0; at < to.length; at++) to[at] = dice.roll(256)
  }
}
