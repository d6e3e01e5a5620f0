import { type ProcessUsage, readEndedChildrenCpuSeconds, readUsage, resetResidentMax } from './process-usage.ts'

/** What one run of one thing came to: a number for each name, in the unit that the name ends with. */
export type Measurement = Readonly<Record<string, number>>

/** What one trial measured, by the title under which it is printed. */
export type Measured = Readonly<Record<string, Measurement>>

/** Whether more of it is better, or less, or neither: what a client took is told to judge the rest by. */
export function betterIs(name: string): 'more' | 'less' | undefined {
  if (name.startsWith('client') || name.startsWith('sent')) return undefined
  return /(records|MB)\/s$/.test(name) ? 'more' : 'less'
}

/** Times some work of so many bytes, what the broker's process took for it, and what the programs took that did it. */
export async function measureBytes(
  pid: number | undefined,
  records: number,
  bytes: number,
  work: () => Promise<void>,
): Promise<Measurement> {
  if (pid !== undefined) resetResidentMax(pid)
  const before = pid === undefined ? undefined : readUsage(pid)
  const clientBefore = readEndedChildrenCpuSeconds()
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  const after = pid === undefined ? undefined : readUsage(pid)
  return {
    'records/s': records / seconds,
    'MB/s': bytes / 1e6 / seconds,
    ...(before && after ? usageOf(before, after, bytes) : {}),
    'client cores': (readEndedChildrenCpuSeconds() - clientBefore) / seconds,
  }
}

function usageOf(before: ProcessUsage, after: ProcessUsage, bytes: number): Measurement {
  const user = (after.userSeconds - before.userSeconds) / (bytes / 1e9)
  const system = (after.systemSeconds - before.systemSeconds) / (bytes / 1e9)
  return {
    'CPU s/GB': user + system,
    'user s/GB': user,
    'system s/GB': system,
    'peak RSS MB': after.residentBytesMax / 1e6,
  }
}
