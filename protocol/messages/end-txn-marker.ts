import { int16, int32 } from '../schema/field.ts'
import { defineMessage } from '../schema/message.ts'

/** The value of the control record that ends a transaction in a partition. In the log its version stands before it as an int16. */
export const endTxnMarker = defineMessage({
  name: 'EndTxnMarker',
  versions: '0',
  flexible: 'none',
  fields: { coordinatorEpoch: int32 },
})

/** The key of every control record: what it is. In the log its version stands before it as an int16. */
export const controlRecordType = defineMessage({
  name: 'ControlRecordTypeSchema',
  versions: '0',
  flexible: 'none',
  fields: { type: int16 },
})
