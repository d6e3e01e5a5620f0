import type { Services } from '../../apis/context.ts'
import type { PartitionLog } from '../../log/partition-log.ts'

/** What a test of the tests breaks. */
export interface Sabotage {
  readonly diskForgetsSynced: boolean
  readonly wrapLog: (log: PartitionLog) => PartitionLog
  readonly wrapServices: (services: Services) => Services
}

export const nothingBroken: Sabotage = {
  diskForgetsSynced: false,
  wrapLog: (log) => log,
  wrapServices: (services) => services,
}
