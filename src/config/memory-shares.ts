import type { BrokerConfig } from './broker-config.ts'

/** What buffers and caches may take together where `memory.budget.bytes` is not set: less on a machine that has less than four times that. */
const budgetBytesMax = 320 * 1024 * 1024
const shareOfMachine = 4

/** Limits in bytes, each for all connections and partitions together. */
export interface MemoryShares {
  /** Requests that outlive the turn in which they came. */
  readonly received: number
  /** Records on their way to clients. */
  readonly outgoing: number
  /** Records that wait to be written to disk. */
  readonly unwritten: number
  /** Indexes of segments that were read lately. */
  readonly indexes: number
  /** Pooled buffers that nobody uses. */
  readonly idleBuffers: number
}

/** Shares `memory.budget.bytes` out; a part that has a setting of its own is what that says. `machineBytes`: what the machine, or its cgroup, has. */
export function memoryShares(config: BrokerConfig, machineBytes: number): MemoryShares {
  const budgetBytes = config.get('memory.budget.bytes') ?? Math.min(budgetBytesMax, Math.floor(machineBytes / shareOfMachine))
  const share = (tenths: number): number => Math.floor((budgetBytes * tenths) / 10)
  const receivedMax = config.get('queued.max.request.bytes')
  return {
    received: receivedMax > 0 ? receivedMax : share(2),
    outgoing: config.get('queued.max.response.bytes') ?? share(4),
    unwritten: config.get('storage.unwritten.max.bytes') ?? share(2),
    indexes: share(1),
    idleBuffers: share(1),
  }
}
