import { type ErrorName, KafkaError } from '../../protocol/errors.ts'
import { StorageError, type StorageErrorKind } from '../storage/storage.ts'

/** The one place where a failure of the storage becomes Kafka's. What is no such failure stays what it is: a bug. */
export function storageFailure(error: unknown): unknown {
  return error instanceof StorageError ? new KafkaError(nameOf(error.kind), error.message) : error
}

export function rethrowAsKafka(error: unknown): never {
  throw storageFailure(error)
}

/** KAFKA_STORAGE_ERROR is retriable: clients keep what they have and come again when there is room, or another leader. */
function nameOf(kind: StorageErrorKind): ErrorName {
  switch (kind) {
    case 'full':
    case 'io':
    case 'held':
      return 'KAFKA_STORAGE_ERROR'
    case 'corrupt':
      return 'CORRUPT_MESSAGE'
    case 'fenced':
      return 'NOT_LEADER_OR_FOLLOWER'
  }
}

/** What the broker's owner can do. */
export function adviceOn({ kind }: StorageError): string {
  return kind === 'full'
    ? 'Make room there: the log takes records again by itself.'
    : 'See to the disk: its state, mount and permissions.'
}
