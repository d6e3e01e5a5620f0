import { defineRecordTopic } from './define-record.ts'
import { transactionLogRecord } from './transaction-log.ts'

/** The records of `__transaction_state`: the transactions of each transactional id. */
export const transactionStateRecords = defineRecordTopic('__transaction_state', [transactionLogRecord])
