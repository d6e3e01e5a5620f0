import { KafkaError } from '../../../protocol/errors.ts'
import type { produce } from '../../../protocol/messages/produce.ts'
import { compressionTypes } from '../../../protocol/records/compression.ts'
import { RecordBatch, recordBatchHeaderBytes } from '../../../protocol/records/record-batch.ts'
import type { RecordsSlice } from '../../../protocol/records/records-slice.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import { topicOf } from '../../cluster/metadata-image.ts'
import { checkInsyncReplicas } from '../../cluster/min-insync-replicas.ts'
import { internalTopics } from '../../cluster/topic-names.ts'
import type { AppendedBatch, PartitionLog } from '../../log/partition-log.ts'
import type { PreparedBatch } from '../../log/prepared-batch.ts'
import type { RequestContext, Started } from '../context.ts'
import { refusalOf } from '../refused.ts'
import { type Place, produceResponse } from './produce-response.ts'
import { verifyTransactionalBatches } from './transactional-batches.ts'

/*
 * Produce. 3: batches of magic 2, transactional id · 7: zstd · 8: errors of single records (KIP-467) · 9: flexible
 * 10: the leader beside NOT_LEADER_OR_FOLLOWER (KIP-951) · 11, 12: transactions 2 (KIP-890) · 13: topic ids
 */

type Request = RequestOf<typeof produce>
type Response = ResponseOf<typeof produce>
type PartitionData = Request['topicData'][number]['partitionData'][number]

/** The admin client may write to internal topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client'

/**
 * Appends each partition's batch in the order of the request. The connection's next request starts once all offsets are assigned, not once they are durable.
 */
export function handleProduce(request: Request, context: RequestContext): Started<Response> {
  const places = request.topicData.flatMap((topic) =>
    topic.partitionData.map(
      (data): Place => ({ topic, data, guard: null, outcome: { log: null, appended: null, error: null }, wait: undefined }),
    ),
  )
  let appending: undefined | Promise<void>
  try {
    const verifying = verifyTransactionalBatches(places, request, context, logOf)
    appending =
      verifying === undefined
        ? appendFrom(places, 0, request, context)
        : verifying.then(() => appendFrom(places, 0, request, context))
  } catch (error) {
    if (request.acks === 0 && error instanceof KafkaError) return { ordered: undefined, response: 'close' }
    throw error
  }
  if (appending === undefined) {
    return { ordered: context.services.whenWritable(), response: answer(places, request, context) }
  }
  return {
    ordered: appending.then(() => context.services.whenWritable()),
    response: appending.then(() => answer(places, request, context)),
  }
}

/** Undefined: all is appended or refused. A promise only where a batch has to be unpacked first. What the transaction's coordinator refused is left out. */
function appendFrom(
  places: readonly Place[],
  from: number,
  request: Request,
  context: RequestContext,
): undefined | Promise<void> {
  for (let index = from; index < places.length; index++) {
    const place = places[index] as Place
    if (place.outcome.error !== null) continue
    try {
      const log = logOf(place, request, context)
      place.outcome = { log, appended: null, error: null }
      const prepared = log.prepare(recordsOf(place.data, context.version), { by: 'client' })
      if (prepared instanceof Promise) {
        const appended = prepared.then(
          (batch) => append(place, log, batch, request.acks),
          (error: unknown) => refuse(place, error),
        )
        return appended.then(() => appendFrom(places, index + 1, request, context))
      }
      append(place, log, prepared, request.acks)
    } catch (error) {
      refuse(place, error)
    }
  }
  return undefined
}

/** Clients that speak a version before 7 do not know zstd, and could not read back what they were allowed to write (KIP-110). */
function recordsOf({ records }: PartitionData, version: number): RecordsSlice {
  if (records === null) {
    throw new KafkaError(
      'INVALID_RECORD',
      `Produce requests with version ${version} must have exactly one record batch per partition`,
    )
  }
  if (version < 7 && isZstd(records)) {
    throw new KafkaError(
      'UNSUPPORTED_COMPRESSION_TYPE',
      `Produce requests with version ${version} are not allowed to use ZStandard compression`,
    )
  }
  return records
}

/** What is no batch at all is refused by the log. */
function isZstd(records: RecordsSlice): boolean {
  if (records.sizeBytes < recordBatchHeaderBytes) return false
  const { magic, compressionId } = new RecordBatch(records.view(), 0)
  return magic === 2 && compressionTypes[compressionId] === 'zstd'
}

function logOf({ topic, data }: Place, request: Request, context: RequestContext): PartitionLog {
  const { cluster, node } = context.services
  const reference = context.version >= 13 ? { id: topic.topicId } : { name: topic.name }
  const log = node.leaderLog(reference, data.index)
  if (request.acks < -1 || request.acks > 1) throw new KafkaError('INVALID_REQUIRED_ACKS')
  const { image } = cluster
  const found = topicOf(image, reference)
  if (found === undefined) return log
  if (internalTopics.has(found.name) && context.clientId !== ADMIN_CLIENT_ID) {
    throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Cannot append to internal topic ${found.name}`)
  }
  if (request.acks === -1) checkInsyncReplicas(image, found, data.index, node.config)
  return log
}

/** Asks in the same turn for what acks wants: a failure later on must not be missed. */
function append(place: Place, log: PartitionLog, batch: PreparedBatch, acks: number): void {
  try {
    const appended = log.append(batch, place.guard)
    place.outcome = { log, appended, error: null }
    place.wait = waitFor(log, appended, acks)
    // Looked at when the other partitions are appended as well.
    place.wait?.catch(() => {})
  } catch (error) {
    refuse(place, error)
  }
}

function waitFor(log: PartitionLog, { lastOffset }: AppendedBatch, acks: number): undefined | Promise<void> {
  if (acks === 0) return undefined
  return acks === 1 ? log.whenWritten(lastOffset + 1n) : log.whenDurable(lastOffset + 1n)
}

function refuse(place: Place, error: unknown): void {
  place.outcome = { log: place.outcome.log, appended: null, error: refusalOf(error) }
}

/** Waits for what acks asks, then says what became of each partition. */
function answer(
  places: readonly Place[],
  request: Request,
  context: RequestContext,
): Response | null | 'close' | Promise<Response> {
  if (request.acks === 0) return places.some(({ outcome }) => outcome.error !== null) ? 'close' : null
  const waits = places.flatMap((place) => (place.wait === undefined ? [] : [{ place, wait: place.wait }]))
  if (waits.length === 0) return produceResponse(places, context)
  return settled(waits, request.timeoutMs, context).then(() => produceResponse(places, context))
}

interface Wait {
  readonly place: Place
  readonly wait: Promise<void>
}

/** Settled when every wait is over, by success, failure or the request's timeout. */
function settled(waits: readonly Wait[], timeoutMs: number, context: RequestContext): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = waits.length
    const pending = new Set(waits)
    const timer = context.services.environment.real.after(Math.max(0, timeoutMs), () => {
      for (const { place } of pending) refuse(place, new KafkaError('REQUEST_TIMED_OUT'))
      resolve()
    })
    const end = (wait: Wait): void => {
      pending.delete(wait)
      open--
      if (open > 0) return
      timer.cancel()
      resolve()
    }
    for (const one of waits) {
      one.wait.then(
        () => end(one),
        (error: unknown) => {
          try {
            refuse(one.place, error)
          } catch (fault) {
            timer.cancel()
            reject(fault as Error)
          }
          end(one)
        },
      )
    }
  })
}
