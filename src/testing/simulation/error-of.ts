import { type ErrorName, errorName } from '../../../protocol/errors.ts'

/** The name of an error code of an answer. A code without a name is a fault of ours, and counts as one. */
export const errorOf = (code: number | undefined): ErrorName =>
  (code === undefined ? undefined : errorName(code)) ?? 'UNKNOWN_SERVER_ERROR'
