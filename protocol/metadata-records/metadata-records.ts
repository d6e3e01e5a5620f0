import { abortTransactionRecord } from './abort-transaction-record.ts'
import { accessControlEntryRecord } from './access-control-entry-record.ts'
import { beginTransactionRecord } from './begin-transaction-record.ts'
import { brokerRegistrationChangeRecord } from './broker-registration-change-record.ts'
import { clearElrRecord } from './clear-elr-record.ts'
import { clientQuotaRecord } from './client-quota-record.ts'
import { configRecord } from './config-record.ts'
import { defineRecordRegistry } from './define-record.ts'
import { delegationTokenRecord } from './delegation-token-record.ts'
import { endTransactionRecord } from './end-transaction-record.ts'
import { featureLevelRecord } from './feature-level-record.ts'
import { fenceBrokerRecord } from './fence-broker-record.ts'
import { noOpRecord } from './no-op-record.ts'
import { partitionChangeRecord } from './partition-change-record.ts'
import { partitionRecord } from './partition-record.ts'
import { producerIdsRecord } from './producer-ids-record.ts'
import { registerBrokerRecord } from './register-broker-record.ts'
import { registerControllerRecord } from './register-controller-record.ts'
import { removeAccessControlEntryRecord } from './remove-access-control-entry-record.ts'
import { removeDelegationTokenRecord } from './remove-delegation-token-record.ts'
import { removeTopicRecord } from './remove-topic-record.ts'
import { removeUserScramCredentialRecord } from './remove-user-scram-credential-record.ts'
import { topicRecord } from './topic-record.ts'
import { unfenceBrokerRecord } from './unfence-broker-record.ts'
import { unregisterBrokerRecord } from './unregister-broker-record.ts'
import { unregisterControllerRecord } from './unregister-controller-record.ts'
import { userScramCredentialRecord } from './user-scram-credential-record.ts'
import { zkMigrationStateRecord } from './zk-migration-state-record.ts'

/** Every record of the metadata log but the control records, by type. Types 6, 13 and 16 are retired and have no meaning. */
export const metadataRecords = defineRecordRegistry([
  registerBrokerRecord,
  unregisterBrokerRecord,
  topicRecord,
  partitionRecord,
  configRecord,
  partitionChangeRecord,
  fenceBrokerRecord,
  unfenceBrokerRecord,
  removeTopicRecord,
  delegationTokenRecord,
  userScramCredentialRecord,
  featureLevelRecord,
  clientQuotaRecord,
  producerIdsRecord,
  brokerRegistrationChangeRecord,
  accessControlEntryRecord,
  removeAccessControlEntryRecord,
  noOpRecord,
  zkMigrationStateRecord,
  removeUserScramCredentialRecord,
  beginTransactionRecord,
  endTransactionRecord,
  abortTransactionRecord,
  removeDelegationTokenRecord,
  registerControllerRecord,
  clearElrRecord,
  unregisterControllerRecord,
])
