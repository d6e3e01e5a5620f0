import { type ErrorName, errorName } from '../../../protocol/errors.ts'

/** The name of an error code of an answer. A code without a name is a fault of ours, and counts as one. */
export const errorOf = (code: number | undefined): ErrorName =>
  (code === undefined ? undefined : errorName(code)) ?? 'UNKNOWN_SERVER_ERROR'

/** A transactional client asks again until they pass, or for as long as it has patience. */
export const passingInTransactions: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'NOT_COORDINATOR',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
])
