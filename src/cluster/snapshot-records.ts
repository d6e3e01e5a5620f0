import { accessControlEntryRecord } from '../../protocol/metadata-records/access-control-entry-record.ts'
import { clientQuotaRecord } from '../../protocol/metadata-records/client-quota-record.ts'
import { delegationTokenRecord } from '../../protocol/metadata-records/delegation-token-record.ts'
import { producerIdsRecord } from '../../protocol/metadata-records/producer-ids-record.ts'
import { registerControllerRecord } from '../../protocol/metadata-records/register-controller-record.ts'
import { topicRecord } from '../../protocol/metadata-records/topic-record.ts'
import { userScramCredentialRecord } from '../../protocol/metadata-records/user-scram-credential-record.ts'
import { METADATA_VERSION_FEATURE, type MetadataImage } from './metadata-image.ts'
import { type MetadataRecord, metadataRecord } from './metadata-record.ts'
import { recordOfBroker, recordOfConfig, recordOfFeature, recordOfPartition } from './metadata-record-builders.ts'

/** The records that make this image out of an empty one, in Kafka's order; metadata.version leads, since it tells how to read the rest. */
export function* snapshotRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  const metadataVersion = image.features.get(METADATA_VERSION_FEATURE)
  if (metadataVersion !== undefined) yield recordOfFeature(METADATA_VERSION_FEATURE, metadataVersion)
  for (const [name, level] of image.features) {
    if (name !== METADATA_VERSION_FEATURE) yield recordOfFeature(name, level)
  }
  yield* registrationRecords(image)
  for (const topic of image.topicsById.values()) {
    yield metadataRecord(topicRecord, { name: topic.name, topicId: topic.id })
    for (const partition of topic.partitions) yield recordOfPartition(topic.id, partition)
  }
  yield* configRecords(image)
  for (const { entity, values } of image.quotas.values()) {
    for (const [key, value] of values) yield metadataRecord(clientQuotaRecord, { entity, key, value, remove: false })
  }
  const { nextProducerId } = image.producerIds
  if (nextProducerId >= 0n) yield metadataRecord(producerIdsRecord, { brokerId: -1, brokerEpoch: -1n, nextProducerId })
  yield* securityRecords(image)
}

function* registrationRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  for (const broker of image.brokers.values()) yield recordOfBroker(broker)
  for (const { endpoints, ...controller } of image.controllers.values()) {
    yield metadataRecord(registerControllerRecord, { ...controller, endPoints: endpoints })
  }
}

function* configRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  for (const [resourceType, resources] of image.configs) {
    for (const [resourceName, values] of resources) {
      for (const [name, value] of values) yield recordOfConfig(resourceType, resourceName, name, value)
    }
  }
}

function* securityRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  for (const entry of image.acls.values()) yield metadataRecord(accessControlEntryRecord, entry)
  for (const mechanisms of image.scramCredentials.values()) {
    for (const credential of mechanisms.values()) yield metadataRecord(userScramCredentialRecord, credential)
  }
  for (const token of image.delegationTokens.values()) yield metadataRecord(delegationTokenRecord, token)
}
