import { int64 } from '../schema/field.ts'
import { defineMessage } from '../schema/message.ts'

/** An entry of a transaction index (`.txnindex`): an aborted transaction. In the file its version stands before it as an int16. */
export const abortedTxn = defineMessage({
  name: 'AbortedTxn',
  versions: '0',
  flexible: 'none',
  fields: {
    producerId: int64,
    firstOffset: int64,
    lastOffset: int64,
    lastStableOffset: int64,
  },
})
