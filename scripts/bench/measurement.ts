import { type ProcessUsage, readUsage, resetResidentMax } from './process-usage.ts'

/** What one run of one thing came to: a number for each name, in the unit that the name ends with. */
export type Measurement = Readonly<Record<string, number>>

/** Whether less of it is better. */
export function isCost(name: string): boolean {
  return /^(CPU|peak|idle|p\d|avg|ready|first)/.test(name)
}

/** Times some work of so many bytes, and what the broker's process took for it. */
export async function measureBytes(
  pid: number | undefined,
  records: number,
  bytes: number,
  work: () => Promise<void>,
): Promise<Measurement> {
  if (pid !== undefined) resetResidentMax(pid)
  const before = pid === undefined ? undefined : readUsage(pid)
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const after = pid === undefined ? undefined : readUsage(pid)
  return {
    'records/s': records / seconds,
    'MB/s': bytes / 1e6 / seconds,
    ...(before && after ? usageOf(before, after, bytes) : {}),
  }
}

function usageOf(before: ProcessUsage, after: ProcessUsage, bytes: number): Measurement {
  return {
    'CPU s/GB': (after.cpuSeconds - before.cpuSeconds) / (bytes / 1e9),
    'peak RSS MB': after.residentBytesMax / 1e6,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!
}
