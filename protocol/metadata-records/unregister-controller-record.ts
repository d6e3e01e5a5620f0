import { int32 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** Forgets a controller. */
export const unregisterControllerRecord = defineRecord({
  type: 29,
  name: 'UnregisterControllerRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32,
  },
})
