import { readFileSync, writeFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second, whatever its tick: USER_HZ is part of its interface. */
const ticksPerSecond = 100

/** What the kernel says of a process, with all its threads, those that ended included. */
export interface ProcessUsage {
  readonly userSeconds: number
  readonly systemSeconds: number
  readonly residentBytes: number
  readonly residentBytesMax: number
}

/** The fields of /proc/PID/stat from the third on: the program's name, in brackets before it, may hold spaces. */
function statFields(pid: number | 'self'): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

export function readUsage(pid: number): ProcessUsage {
  const fields = statFields(pid)
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kilobytes = (name: string): number => Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0)
  return {
    userSeconds: Number(fields[11]) / ticksPerSecond,
    systemSeconds: Number(fields[12]) / ticksPerSecond,
    residentBytes: kilobytes('VmRSS') * 1024,
    residentBytesMax: kilobytes('VmHWM') * 1024,
  }
}

/** Of all programs that this process ran to their end: the clients, since a broker ends outside what is measured. */
export function readEndedChildrenCpuSeconds(): number {
  const fields = statFields('self')
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
}

/** From here on the peak of resident memory is counted anew, where the kernel lets us. */
export function resetResidentMax(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Another user's process: its peak is then that of its whole life.
  }
}
