import { type ErrorName, KafkaError } from '../../../protocol/errors.ts'
import { RecordBatch, recordBatchHeaderBytes } from '../../../protocol/records/record-batch.ts'
import { supportOfProduce, type TransactionSupport } from '../../coordinators/runtime/transaction-verifier.ts'
import type { PartitionLog, ProducerAndEpoch, VerificationGuard } from '../../log/partition-log.ts'
import type { RequestContext } from '../context.ts'
import { refusalOf } from '../refused.ts'
import type { Place } from './produce-response.ts'

/** One for all, moved over the batches: nothing is allocated for those that are not transactional. */
const header = new RecordBatch(Buffer.alloc(0))

interface FirstWrite {
  readonly place: Place
  readonly log: PartitionLog
  readonly guard: VerificationGuard
}

/**
 * Whoever writes to a partition for the first time in a transaction does so only if the transaction's coordinator knows of
 * it, or is told now (KIP-890). It is asked once for all partitions of the request. Undefined: nothing has to be asked.
 * Throws KafkaError for the whole request.
 */
export function verifyTransactionalBatches(
  places: readonly Place[],
  transactionalId: string | null,
  logOf: (place: Place) => PartitionLog,
  context: RequestContext,
): undefined | Promise<void> {
  if (!places.some(isTransactional)) return undefined
  if (transactionalId === null) throw new KafkaError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  const support = supportOfProduce(context.version)
  const found = places.filter(isTransactional).flatMap((place) => {
    const log = orUndefined(() => logOf(place))
    return log === undefined ? [] : [{ place, log }]
  })
  const producer = onlyProducer(found.map(({ place }) => headerOf(place)))
  if (producer === null) return undefined
  if (!context.services.transactionVerifier.isNeeded(support)) {
    for (const { place } of found) place.guard = 'not-required'
    return undefined
  }
  const writes = found.flatMap(({ place, log }) => firstWrite(place, log, producer, support) ?? [])
  return writes.length === 0 ? undefined : ask({ transactionalId, producer, writes, support }, context)
}

/** What is no batch at all is refused by the log. */
function isTransactional({ data: { records } }: Place): boolean {
  return records !== null && records.sizeBytes >= recordBatchHeaderBytes && header.moveTo(records.view(), 0).isTransactional
}

const headerOf = ({ data: { records } }: Place): RecordBatch => new RecordBatch(records!.view(), 0)

/** A partition that cannot be written to is refused for that when its turn comes. */
function orUndefined<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch (error) {
    refusalOf(error)
    return undefined
  }
}

function onlyProducer(batches: readonly RecordBatch[]): ProducerAndEpoch | null {
  const [first, ...others] = batches.filter(({ producerId }) => producerId >= 0n)
  if (first === undefined) return null
  const { producerId: id, producerEpoch: epoch } = first
  if (others.some((other) => other.producerId !== id || other.producerEpoch !== epoch)) {
    throw new KafkaError('INVALID_PRODUCER_ID_MAPPING', 'The transactional batches of a request must have one producer id')
  }
  return { id, epoch }
}

/** Null: the transaction is open there already, or the batch is refused. */
function firstWrite(place: Place, log: PartitionLog, producer: ProducerAndEpoch, support: TransactionSupport): FirstWrite | null {
  try {
    const guard = log.beginVerification(producer, headerOf(place).baseSequence, support === 'add')
    return guard === null ? null : { place, log, guard }
  } catch (error) {
    place.outcome = { log, appended: null, error: refusalOf(error) }
    return null
  }
}

interface Asked {
  readonly transactionalId: string
  readonly producer: ProducerAndEpoch
  readonly writes: readonly FirstWrite[]
  readonly support: TransactionSupport
}

async function ask({ transactionalId, producer, writes, support }: Asked, context: RequestContext): Promise<void> {
  const partitions = writes.map(({ log }) => ({ topic: log.id.topic, partition: log.id.partition }))
  const { transactionVerifier } = context.services
  const refusals = await transactionVerifier.askPatiently({ transactionalId, producer, partitions, support }, context)
  for (const [index, { place, log, guard }] of writes.entries()) {
    const refusal = refusals[index] ?? null
    if (refusal === null) place.guard = guard
    else place.outcome = { log, appended: null, error: toldProducer(refusal, support) }
  }
}

/** Producers of all ages send again on NOT_ENOUGH_REPLICAS, and look up no leader before. */
function toldProducer(refusal: ErrorName, support: TransactionSupport): KafkaError {
  if (refusal === 'INVALID_TXN_STATE') return new KafkaError(refusal, 'The partition is not part of the transaction')
  if (!retriable.has(refusal) || (refusal === 'CONCURRENT_TRANSACTIONS' && support === 'add')) return new KafkaError(refusal)
  return new KafkaError('NOT_ENOUGH_REPLICAS', `Whether the partition is part of the transaction is not known: ${refusal}`)
}

const retriable: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'CONCURRENT_TRANSACTIONS',
])
