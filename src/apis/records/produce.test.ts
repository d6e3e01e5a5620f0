import { describe, expect, test } from '@jest/globals'
import { type ErrorName, errorName } from '../../../protocol/errors.ts'
import { createTopics } from '../../../protocol/messages/create-topics.ts'
import { findCoordinator } from '../../../protocol/messages/find-coordinator.ts'
import { initProducerId } from '../../../protocol/messages/init-producer-id.ts'
import { listOffsets } from '../../../protocol/messages/list-offsets.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import { OwnedRecords } from '../../../protocol/records/records-slice.ts'
import { newTopic, testBroker } from '../test-broker.ts'
import { spoiltBatch, testBatch } from './test-batch.ts'

const broker = testBroker({ topics: { orders: 2 } })
const { ask } = broker

const request = (
  name: string,
  records: OwnedRecords | null,
  more: { acks?: number; index?: number; transactionalId?: string } = {},
) => ({
  transactionalId: more.transactionalId ?? null,
  acks: more.acks ?? -1,
  timeoutMs: 5000,
  topicData: [{ name, partitionData: [{ index: more.index ?? 0, records }] }],
})
const send = async (version: number, ...asked: Parameters<typeof request>) =>
  (await ask(produce, version, request(...asked))).responses[0]!.partitionResponses[0]!
const codeOf = async (...asked: Parameters<typeof send>) => errorName((await send(...asked)).errorCode)
const topic = async (name: string, configs: Readonly<Record<string, string>> = {}) => {
  const topics = [newTopic(name, { configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })) })]
  return (await ask(createTopics, 7, { topics, timeoutMs: 5000, validateOnly: false })).topics[0]!.topicId
}

describe('Produce', () => {
  test.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('version %i appends', async (version) => {
    const name = `appended-by-${version}`
    await topic(name)
    await send(version, name, testBatch([{}, {}]))
    expect(await send(version, name, testBatch([{}]))).toMatchObject({
      errorCode: 0,
      baseOffset: 2n,
      logAppendTimeMs: -1n,
      logStartOffset: version < 5 ? -1n : 0n,
      recordErrors: [],
      errorMessage: null,
    })
  })

  test('version 13 knows topics by id', async () => {
    const topicId = await topic('by-id')
    const ids = [topicId, 'AAAAAAAAAAAAAAAAAAAAAQ']
    const topicData = ids.map((id) => ({ topicId: id, partitionData: [{ index: 0, records: testBatch([{}]) }] }))
    const { responses } = await ask(produce, 13, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData })
    expect(responses.map((response) => [response.topicId, errorName(response.partitionResponses[0]!.errorCode)])).toEqual([
      [topicId, 'NONE'],
      ['AAAAAAAAAAAAAAAAAAAAAQ', 'UNKNOWN_TOPIC_ID'],
    ])
  })

  test('versions 0 to 2 are listed for old clients, and closed on', async () => {
    for (const version of [0, 1, 2]) {
      await using client = await broker.connect()
      client.send(produce, version, request('orders', testBatch([{}])))
      await client.closed
    }
  })

  test('answers each partition by itself', async () => {
    const partition = (index: number) => ({ index, records: testBatch([{}]) })
    const topicData = [
      { name: 'orders', partitionData: [partition(9), partition(1)] },
      { name: 'unknown', partitionData: [partition(0)] },
    ]
    const { responses } = await ask(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData })
    const codes = responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, errorCode }) => [name, index, errorName(errorCode)]),
    )
    expect(codes).toEqual([
      ['orders', 9, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['orders', 1, 'NONE'],
      ['unknown', 0, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    expect((await ask(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData: [] })).responses).toEqual([])
  })

  const two = Buffer.concat([testBatch([{}]).view(), testBatch([{}]).view()])
  const cut = Buffer.from(testBatch([{}]).view().subarray(0, 50))
  const flipped = Buffer.from(testBatch([{}]).view())
  flipped[70]! ^= 1
  test.each<[ErrorName, string, OwnedRecords | null]>([
    ['INVALID_RECORD', 'no records', null],
    ['INVALID_RECORD', 'no batch', new OwnedRecords(Buffer.alloc(0))],
    ['INVALID_RECORD', 'two batches', new OwnedRecords(two)],
    ['INVALID_RECORD', 'a batch that is cut off', new OwnedRecords(cut)],
    ['CORRUPT_MESSAGE', 'a checksum that does not match', new OwnedRecords(flipped)],
    ['INVALID_RECORD', 'a base offset other than 0', spoiltBatch((bytes) => bytes.writeBigInt64BE(5n, 0))],
    ['INVALID_RECORD', 'a wrong last offset delta', spoiltBatch((bytes) => bytes.writeInt32BE(7, 23))],
    ['INVALID_RECORD', 'a control batch', spoiltBatch((bytes) => bytes.writeInt16BE(0x20, 21))],
    ['UNSUPPORTED_COMPRESSION_TYPE', 'a codec that nobody knows', spoiltBatch((bytes) => bytes.writeInt16BE(7, 21))],
    [
      'INVALID_RECORD',
      'a producer id without a sequence',
      testBatch([{}], { producerId: 5n, producerEpoch: 0, baseSequence: -1 }),
    ],
    [
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'a transactional batch of nobody',
      testBatch([{}], { isTransactional: true, producerId: 5n, producerEpoch: 0, baseSequence: 0 }),
    ],
  ])('answers %s to %s', async (error, _what, records) => {
    expect(await codeOf(9, 'orders', records)).toBe(error)
  })

  test('names the records that are refused, from version 8 on', async () => {
    await topic('compacted', { 'cleanup.policy': 'compact' })
    const keyless = testBatch([{}, { key: null }, { key: null }])
    const refused = await send(8, 'compacted', keyless)
    expect(refused).toMatchObject({ baseOffset: -1n, logStartOffset: 0n })
    expect(errorName(refused.errorCode)).toBe('INVALID_RECORD')
    expect(refused.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([1, 2])
    expect((await send(7, 'compacted', keyless)).recordErrors).toEqual([])
  })

  test('takes zstd from version 7 on', async () => {
    const zstd = () => testBatch([{}], { compression: 'zstd' })
    expect(await codeOf(6, 'orders', zstd())).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    expect(await codeOf(7, 'orders', zstd())).toBe('NONE')
    const unknownCodec = spoiltBatch((bytes) => bytes.writeInt16BE(7, 21))
    expect(await codeOf(3, 'orders', unknownCodec)).toBe('UNSUPPORTED_COMPRESSION_TYPE')
  })

  test('bounds a batch by max.message.bytes', async () => {
    await topic('small', { 'max.message.bytes': '100' })
    const refused = await send(9, 'small', testBatch([{ value: 'x'.repeat(200) }]))
    expect(errorName(refused.errorCode)).toBe('MESSAGE_TOO_LARGE')
    expect(refused.logStartOffset).toBe(-1n)
  })

  test('tells the time that the log set', async () => {
    await topic('stamped', { 'message.timestamp.type': 'LogAppendTime' })
    expect((await send(9, 'stamped', testBatch([{ timestamp: 5n }]))).logAppendTimeMs).toBeGreaterThan(5n)
  })

  test('is written to an internal topic by the admin client alone', async () => {
    await ask(findCoordinator, 3, { key: 'group', keyType: 0 })
    expect(await codeOf(9, '__consumer_offsets', testBatch([{}]))).toBe('INVALID_TOPIC_EXCEPTION')
    await using admin = await broker.connect({ clientId: '__admin_client' })
    const { responses } = await admin.request(produce, 9, request('__consumer_offsets', testBatch([{}])))
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
  })
})

describe('acks', () => {
  test.each([2, -2])('%i is INVALID_REQUIRED_ACKS', async (acks) => {
    expect(await codeOf(9, 'orders', testBatch([{}]), { acks })).toBe('INVALID_REQUIRED_ACKS')
  })

  test('1 is answered with the offset', async () => {
    await topic('acks-1')
    expect(await send(9, 'acks-1', testBatch([{}]), { acks: 1 })).toMatchObject({ errorCode: 0, baseOffset: 0n })
  })

  test('0 is not answered, and what follows is', async () => {
    await topic('acks-0')
    await using client = await broker.connect()
    client.send(produce, 9, request('acks-0', testBatch([{}, {}]), { acks: 0 }))
    const partitions = [{ partitionIndex: 0, timestamp: -1n }]
    const { topics } = await client.request(listOffsets, 5, { replicaId: -1, topics: [{ name: 'acks-0', partitions }] })
    expect(topics[0]!.partitions[0]!.offset).toBe(2n)
  })

  test('0 that is refused closes the connection', async () => {
    await using client = await broker.connect()
    client.send(produce, 9, request('unknown', testBatch([{}]), { acks: 0 }))
    await client.closed
  })
})

describe('an idempotent producer', () => {
  const init = (version: number, more: { transactionalId?: string; producerId?: bigint; producerEpoch?: number } = {}) =>
    ask(initProducerId, version, { transactionalId: null, transactionTimeoutMs: 60_000, ...more })

  test.each([0, 1, 2, 3, 4, 5])('gets an id of its own by InitProducerId %i', async (version) => {
    const [one, other] = [await init(version), await init(version)]
    expect([one.errorCode, one.producerEpoch]).toEqual([0, 0])
    expect(other.producerId).not.toBe(one.producerId)
  })

  test('that had an id gives its epoch too', async () => {
    const had = { producerId: 5n, producerEpoch: 3 }
    expect((await init(5, had)).errorCode).toBe(0)
    for (const half of [{ producerId: 5n }, { producerEpoch: 3 }, { transactionalId: '' }]) {
      expect(errorName((await init(5, half)).errorCode)).toBe('INVALID_REQUEST')
    }
  })

  test('is answered a repeated batch with its first offset, and refused a gap', async () => {
    await topic('sequences')
    const { producerId } = await init(4)
    const batch = (baseSequence: number) => testBatch([{}, {}], { producerId, producerEpoch: 0, baseSequence })
    expect((await send(9, 'sequences', batch(0))).baseOffset).toBe(0n)
    expect((await send(9, 'sequences', batch(2))).baseOffset).toBe(2n)
    expect(await send(9, 'sequences', batch(0))).toMatchObject({ errorCode: 0, baseOffset: 0n })
    const gap = await send(9, 'sequences', batch(9))
    expect(errorName(gap.errorCode)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(gap).toMatchObject({ baseOffset: -1n, logStartOffset: 0n })
  })
})
