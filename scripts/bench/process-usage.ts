import { readFileSync, writeFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second, whatever its tick: USER_HZ is part of its interface. */
const ticksPerSecond = 100

/** What the kernel says of a process, with all its threads, those that ended included. */
export interface ProcessUsage {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly residentBytesMax: number
}

export function readUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The program's name, in brackets, may hold spaces: fields are counted from behind it, where the third begins.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const cpuTicks = Number(fields[11]) + Number(fields[12])
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kilobytes = (name: string): number => Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0)
  return {
    cpuSeconds: cpuTicks / ticksPerSecond,
    residentBytes: kilobytes('VmRSS') * 1024,
    residentBytesMax: kilobytes('VmHWM') * 1024,
  }
}

/** From here on the peak of resident memory is counted anew, where the kernel lets us. */
export function resetResidentMax(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Another user's process: its peak is then that of its whole life.
  }
}
