import type { RecordsSlice } from '../../protocol/records/records-slice.ts'
import type { SequencedBatch } from './producer-state.ts'

/** Who appends: a coordinator may do what a client may not. */
export interface RecordsOrigin {
  readonly by: 'client' | 'coordinator'
}

/** One batch that passed all checks which its own bytes decide, and what of its header the append needs. */
export interface PreparedBatch extends SequencedBatch {
  readonly records: RecordsSlice
  readonly sizeBytes: number
  /** Of its records, which the header may state wrongly. */
  readonly maxTimestamp: bigint
}
