import { describe, expect, test } from '@jest/globals'
import { errorName } from '../../../protocol/errors.ts'
import { produce } from '../../../protocol/messages/produce.ts'
import type { ProtocolClient } from '../../testing/protocol-client.ts'
import { testBatch } from '../records/test-batch.ts'
import { testBroker } from '../test-broker.ts'
import { read, TestProducer } from './test-producer.ts'

const broker = testBroker({ topics: { orders: 1, parcels: 2, letters: 1 } })

const produceOf = (
  producer: TestProducer,
  topic: string,
  baseSequence: number,
  more: { acks?: number; value?: string } = {},
) => ({
  transactionalId: producer.transactionalId,
  acks: more.acks ?? -1,
  timeoutMs: 30_000,
  topicData: [
    {
      name: topic,
      partitionData: [
        {
          index: 0,
          records: testBatch([{ value: more.value ?? `${baseSequence}` }], {
            isTransactional: true,
            producerId: producer.id,
            producerEpoch: producer.epoch,
            baseSequence,
          }),
        },
      ],
    },
  ],
})

async function started(transactionalId: string): Promise<TestProducer> {
  const producer = new TestProducer(broker.ask, transactionalId, 2)
  expect(await producer.init()).toBe('NONE')
  return producer
}

async function codes(client: ProtocolClient, requests: readonly ReturnType<typeof produceOf>[]): Promise<readonly unknown[]> {
  const answers = await Promise.all(requests.map((request) => client.request(produce, 12, request)))
  return answers.map(({ responses }) => errorName(responses[0]!.partitionResponses[0]!.errorCode))
}

describe('the first write of a transaction', () => {
  test('keeps its place: the batches behind it, sent without waiting for it, are appended after it', async () => {
    const producer = await started('in-flight')
    await using client = await broker.connect()
    const requests = [0, 1, 2, 3, 4].map((sequence) => produceOf(producer, 'orders', sequence))
    expect(await codes(client, requests)).toEqual(['NONE', 'NONE', 'NONE', 'NONE', 'NONE'])
    expect(await producer.end(true)).toBe('NONE')
    await producer.ended()
    expect((await read(broker.ask, 'orders', 'read_committed')).values).toEqual(['0', '1', '2', '3', '4'])
  })

  test('that is refused is answered without where the log starts, for no log was asked', async () => {
    const producer = await started('refused')
    const asked = { ...produceOf(producer, 'letters', 0), transactionalId: 'refused' }
    producer.epoch += 1
    const fenced = produceOf(producer, 'letters', 0)
    for (const [version, request, error] of [
      [11, asked, 'TRANSACTION_ABORTABLE'],
      [12, fenced, 'INVALID_PRODUCER_EPOCH'],
    ] as const) {
      const { responses } = await broker.ask(produce, version, request)
      const [answer] = responses[0]!.partitionResponses
      expect([errorName(answer!.errorCode), answer!.logStartOffset]).toEqual([error, -1n])
    }
  })

  test('that is refused closes the connection of a producer that wants no answer', async () => {
    const producer = await started('without-answer')
    await using client = await broker.connect()
    client.send(produce, 12, { ...produceOf(producer, 'letters', 0, { acks: 0 }), transactionalId: null })
    await client.closed
    await using other = await broker.connect()
    other.send(produce, 9, produceOf(producer, 'letters', 0, { acks: 0 }))
    await other.closed
    expect((await read(broker.ask, 'letters', 'read_uncommitted')).values).toEqual([])
  })

  test('may name a partition that does not exist: the others are written', async () => {
    const producer = await started('some')
    const asked = produceOf(producer, 'parcels', 0)
    const { records } = asked.topicData[0]!.partitionData[0]!
    const partitionData = [
      { index: 0, records },
      {
        index: 7,
        records: testBatch([{}], { isTransactional: true, producerId: producer.id, producerEpoch: 0, baseSequence: 0 }),
      },
    ]
    const { responses } = await broker.ask(produce, 12, { ...asked, topicData: [{ name: 'parcels', partitionData }] })
    expect(responses[0]!.partitionResponses.map(({ errorCode }) => errorName(errorCode))).toEqual([
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect(await producer.state()).toBe('Ongoing')
    expect(await producer.end(false)).toBe('NONE')
  })
})

describe('with transaction.partition.verification.enable=false', () => {
  const unverified = testBroker({
    topics: { orders: 1 },
    config: { 'transaction.partition.verification.enable': 'false' },
  })

  test('a producer of version 1 is believed, as in Kafka before KIP-890', async () => {
    const producer = new TestProducer(unverified.ask, 'believed', 1)
    expect(await producer.init()).toBe('NONE')
    expect(await producer.send('orders', 0, ['a'])).toBe('NONE')
    expect(await producer.state()).toBe('Empty')
    expect(await read(unverified.ask, 'orders', 'read_committed')).toMatchObject({ values: [], lastStableOffset: 0n })
  })
})
