import { describe, expect, test } from '@jest/globals'
import { abortTransactionRecord } from '../../protocol/metadata-records/abort-transaction-record.ts'
import { beginTransactionRecord } from '../../protocol/metadata-records/begin-transaction-record.ts'
import { endTransactionRecord } from '../../protocol/metadata-records/end-transaction-record.ts'
import { removeTopicRecord } from '../../protocol/metadata-records/remove-topic-record.ts'
import { topicRecord } from '../../protocol/metadata-records/topic-record.ts'
import { unregisterBrokerRecord } from '../../protocol/metadata-records/unregister-broker-record.ts'
import { readVectors } from '../../protocol/vectors/read-vectors.ts'
import { encodeRecordValue, recordsBatch } from './metadata-batch.ts'
import { ConfigResource, configsOf, type MetadataImage } from './metadata-image.ts'
import { metadataRecord } from './metadata-record.ts'
import { recordOfConfig, recordOfFeature } from './metadata-record-builders.ts'
import { MetadataReplayer } from './metadata-replayer.ts'
import { snapshotRecords } from './snapshot-records.ts'

interface LogLine {
  readonly file: string
  readonly batch: { readonly baseOffset: number }
  readonly hex: string
}

const lines = readVectors<LogLine>('metadata-log')
const fileBytes = (file: string, below = Number.POSITIVE_INFINITY): Buffer =>
  Buffer.concat(
    lines.filter((line) => line.file === file && line.batch.baseOffset < below).map((line) => Buffer.from(line.hex, 'hex')),
  )

const newestOf = (image: MetadataImage): unknown => {
  const { topicsById, topicsByName, ...rest } = image
  const sorted = (configs: MetadataImage['configs']) => new Map([...configs].sort(([one], [other]) => one - other))
  const brokers = new Map([...image.brokers].map(([id, broker]) => [id, { ...broker, features: new Set(broker.features) }]))
  const { nextProducerId } = image.producerIds
  return {
    ...rest,
    brokers,
    configs: sorted(image.configs),
    producerIds: nextProducerId,
    topics: topicsById,
    names: [...topicsByName.keys()].sort(),
  }
}

const batchOf = (...records: Parameters<typeof encodeRecordValue>[0][]): Buffer =>
  recordsBatch(
    records.map((record) => encodeRecordValue(record, 30)),
    { baseOffset: 0n, epoch: 1, timestampMs: 0n },
  )

const topic = (name: string, id: string) => metadataRecord(topicRecord, { name, topicId: id })
const orders = topic('orders', 'UfyBb6JlRiOd9PGB4YHUbQ')

describe('the metadata log of a Kafka with static voters', () => {
  const log = fileBytes('static/00000000000000000000.log', 73)
  const replayed = new MetadataReplayer()
  replayed.readLog(log, 0n)
  const image = replayed.finish()

  test('replayed up to the offset of its snapshot is what the snapshot says', () => {
    const snapshot = new MetadataReplayer()
    snapshot.readSnapshot(fileBytes('static/00000000000000000073-0000000002.checkpoint'), 73n, 2)
    expect(newestOf(snapshot.finish())).toEqual(newestOf(image))
  })

  test('has the leader epochs that two lives and one stop make', () => {
    expect(image.topicsByName.get('orders')?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
    expect(image.topicsByName.get('__transaction_state')?.partitions[0]).toMatchObject({ leaderEpoch: 0, isr: [1] })
    expect(image.topicsByName.has('gone')).toBe(false)
  })

  test('keeps what Grete does not use', () => {
    expect(image.quotas.size).toBe(2)
    expect(image.acls.size).toBe(1)
    expect([...image.scramCredentials.keys()]).toEqual(['alice'])
    expect(configsOf(image, ConfigResource.clientMetrics, 'm').get('interval.ms')).toBe('10000')
    expect(image.features.has('share.version')).toBe(false)
    expect(image.producerIds.nextProducerId).toBe(2000n)
  })

  test('a stop leaves no leader, and the last one as the only one eligible', () => {
    const stopped = new MetadataReplayer()
    stopped.readLog(fileBytes('static/00000000000000000000.log'), 0n)
    expect(stopped.finish().topicsByName.get('orders')?.partitions[1]).toMatchObject({
      leader: -1,
      leaderEpoch: 3,
      partitionEpoch: 3,
      isr: [],
      eligibleLeaderReplicas: [1],
      lastKnownElr: [1],
    })
    expect(stopped.finish().brokers.get(1)).toMatchObject({ fenced: true, inControlledShutdown: true })
  })

  test('an image written as a snapshot and read again is the same image', () => {
    const again = new MetadataReplayer()
    again.readLog(batchOf(...snapshotRecords(image)), 0n)
    const { endOffset, epoch, timestampMs } = image
    expect(newestOf({ ...again.finish(), endOffset, epoch, timestampMs })).toEqual(newestOf(image))
  })
})

describe('the metadata log of a Kafka with kraft.version 1', () => {
  test('names its voter in the snapshot at 0-0, of which no other record counts', () => {
    const replayer = new MetadataReplayer()
    replayer.readSnapshot(fileBytes('dynamic/00000000000000000000-0000000000.checkpoint'), 0n, 0)
    expect(replayer.kraft.kraftVersion).toBe(1)
    expect(replayer.kraft.voters?.voters.map((voter) => voter.voterId)).toEqual([1])
    replayer.readLog(fileBytes('dynamic/00000000000000000000.log'), 0n)
    expect(replayer.finish().features.get('metadata.version')).toBe(30)
  })
})

describe('a transaction of the metadata log', () => {
  const begin = metadataRecord(beginTransactionRecord, { name: 'x' })
  test('counts for nothing before its end', () => {
    const replayer = new MetadataReplayer()
    replayer.readLog(batchOf(begin, orders), 0n)
    expect(replayer.inTransaction).toBe(true)
    expect(replayer.finish().topicsByName.size).toBe(0)
  })

  test('counts after its end, and is dropped when it is aborted', () => {
    const replayer = new MetadataReplayer()
    replayer.readLog(batchOf(begin, orders, metadataRecord(endTransactionRecord, {})), 0n)
    const dropped = topic('dropped', 'd8z5TbN_Sk-UhLTjKFjvVw')
    replayer.readLog(batchOf(begin, dropped, metadataRecord(abortTransactionRecord, {})), 0n)
    expect([...replayer.finish().topicsByName.keys()]).toEqual(['orders'])
  })

  test('neither begins within another nor ends without a beginning', () => {
    expect(() => new MetadataReplayer().readLog(batchOf(begin, begin), 0n)).toThrow('A transaction begins within another one.')
    const end = batchOf(metadataRecord(endTransactionRecord, {}))
    expect(() => new MetadataReplayer().readLog(end, 0n)).toThrow('A transaction ends that has not begun.')
  })
})

describe('a log that cannot be continued', () => {
  const read = (bytes: Buffer) => () => new MetadataReplayer().readLog(bytes, 0n)

  test('has a metadata.version that is not known', () => {
    expect(read(batchOf(recordOfFeature('metadata.version', 99)))).toThrow('metadata.version 99 is not known here')
  })

  test('has a record type that is not known', () => {
    const unknown = recordsBatch([Buffer.from([1, 99, 0])], { baseOffset: 7n, epoch: 1, timestampMs: 0n })
    expect(read(unknown)).toThrow('The metadata log cannot be read at offset 7: The metadata log has no records of type 99.')
  })

  test('has a batch that is not what was written', () => {
    const bytes = batchOf(orders)
    bytes[bytes.length - 3] = 0xff
    expect(read(bytes)).toThrow('Record is corrupt')
  })

  test('names a topic twice, or removes what it does not have', () => {
    expect(read(batchOf(orders, topic('orders', 'd8z5TbN_Sk-UhLTjKFjvVw')))).toThrow('Topic orders is made twice')
    expect(read(batchOf(metadataRecord(removeTopicRecord, { topicId: 'd8z5TbN_Sk-UhLTjKFjvVw' })))).toThrow('An unknown topic id')
    expect(read(batchOf(metadataRecord(unregisterBrokerRecord, { brokerId: 3, brokerEpoch: 1n })))).toThrow(
      'An unknown broker, 3',
    )
  })

  test('has a snapshot without its last record', () => {
    const bytes = fileBytes('static/00000000000000000073-0000000002.checkpoint', 32)
    expect(() => new MetadataReplayer().readSnapshot(bytes, 73n, 2)).toThrow(
      'The snapshot of the metadata log at 73 is not whole.',
    )
  })
})

describe('the configs of a topic', () => {
  test('go with it, also when it was made and removed within one replay', () => {
    const replayer = new MetadataReplayer()
    const removed = metadataRecord(removeTopicRecord, { topicId: 'UfyBb6JlRiOd9PGB4YHUbQ' })
    replayer.readLog(batchOf(orders, recordOfConfig(2, 'orders', 'retention.ms', '5'), removed), 0n)
    expect(configsOf(replayer.finish(), ConfigResource.topic, 'orders').size).toBe(0)
  })
})
