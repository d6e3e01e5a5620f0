import { type ErrorName, KafkaError } from '../../../protocol/errors.ts'
import type { produce } from '../../../protocol/messages/produce.ts'
import { RecordBatch, recordBatchHeaderBytes } from '../../../protocol/records/record-batch.ts'
import type { RequestOf } from '../../../protocol/schema/api.ts'
import { type FirstWrites, supportOfProduce, type TransactionSupport } from '../../coordinators/runtime/transaction-verifier.ts'
import type { PartitionLog, ProducerAndEpoch, VerificationGuard } from '../../log/partition-log.ts'
import type { RequestContext } from '../context.ts'
import { refusalOf } from '../refused.ts'
import type { Place } from './produce-response.ts'

type Request = RequestOf<typeof produce>

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
  request: Request,
  context: RequestContext,
  logOf: (place: Place, request: Request, context: RequestContext) => PartitionLog,
): undefined | Promise<void> {
  if (!places.some(isTransactional)) return undefined
  const { transactionalId } = request
  if (transactionalId === null) throw new KafkaError('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  const support = supportOfProduce(context.version)
  const found = places.filter(isTransactional).flatMap((place) => {
    const log = orUndefined(() => logOf(place, request, context))
    return log === undefined ? [] : [{ place, log }]
  })
  const producer = onlyProducer(found.map(({ place }) => headerOf(place)))
  if (producer === null) return undefined
  if (!context.services.transactionVerifier.isNeeded(support)) {
    for (const { place } of found) place.guard = 'not-required'
    return undefined
  }
  const begin = (): Verification | null => {
    const writes = found.flatMap(({ place, log }) => firstWrite(place, log, producer, support) ?? [])
    if (writes.length === 0) return null
    const partitions = writes.map(({ log }) => ({ topic: log.id.topic, partition: log.id.partition }))
    return { transactionalId, producer, partitions, support, writes }
  }
  const first = begin()
  return first === null ? undefined : verify(first, begin, context)
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

/** No log was asked, so that the answer does not say where it starts: as in Kafka. */
const refused = (error: KafkaError): Place['outcome'] => ({ log: null, appended: null, error })

/** Null: the transaction is open there already, or the batch is refused. */
function firstWrite(place: Place, log: PartitionLog, producer: ProducerAndEpoch, support: TransactionSupport): FirstWrite | null {
  if (place.outcome.error !== null) return null
  try {
    const guard = log.beginVerification(producer, headerOf(place).baseSequence, support === 'add')
    return guard === null ? null : { place, log, guard }
  } catch (error) {
    place.outcome = refused(refusalOf(error))
    return null
  }
}

interface Verification extends FirstWrites {
  /** One for each of the partitions. */
  readonly writes: readonly FirstWrite[]
}

async function verify(first: Verification, again: () => Verification | null, context: RequestContext): Promise<void> {
  const asked = await context.services.transactionVerifier.askPatiently(first, again, context)
  if (asked === null) return
  const { writes, support } = asked.writes
  for (const [index, { place, guard }] of writes.entries()) {
    const refusal = asked.refusals[index] ?? null
    if (refusal === null) place.guard = guard
    else place.outcome = refused(toldProducer(refusal, support))
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
