import { int8 } from '../schema/field.ts'
import { defineRecord } from './define-record.ts'

/** How far a migration from ZooKeeper is (KIP-866). */
export const zkMigrationStateRecord = defineRecord({
  type: 21,
  name: 'ZkMigrationStateRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    zkMigrationState: int8,
  },
})
