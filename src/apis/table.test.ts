import { describe, expect, test } from '@jest/globals'
import { apiVersions } from '../../protocol/messages/api-versions.ts'
import { testBroker } from './test-broker.ts'

/** What Kafka 4.4 lists of the APIs that are served, key by key. */
const listed: Readonly<Record<string, readonly [key: number, min: number, max: number]>> = {
  Produce: [0, 0, 13],
  Fetch: [1, 4, 18],
  ListOffsets: [2, 1, 11],
  Metadata: [3, 0, 13],
  OffsetCommit: [8, 2, 10],
  OffsetFetch: [9, 1, 10],
  FindCoordinator: [10, 0, 6],
  JoinGroup: [11, 0, 9],
  Heartbeat: [12, 0, 4],
  LeaveGroup: [13, 0, 5],
  SyncGroup: [14, 0, 5],
  DescribeGroups: [15, 0, 6],
  ListGroups: [16, 0, 5],
  ApiVersions: [18, 0, 5],
  CreateTopics: [19, 2, 7],
  DeleteTopics: [20, 1, 6],
  DeleteRecords: [21, 0, 2],
  InitProducerId: [22, 0, 5],
  OffsetForLeaderEpoch: [23, 2, 4],
  AddPartitionsToTxn: [24, 0, 5],
  AddOffsetsToTxn: [25, 0, 4],
  EndTxn: [26, 0, 5],
  WriteTxnMarkers: [27, 1, 2],
  TxnOffsetCommit: [28, 0, 6],
  DescribeConfigs: [32, 1, 4],
  AlterConfigs: [33, 0, 2],
  DescribeLogDirs: [35, 1, 5],
  CreatePartitions: [37, 0, 3],
  DeleteGroups: [42, 0, 3],
  ElectLeaders: [43, 0, 2],
  IncrementalAlterConfigs: [44, 0, 1],
  ListPartitionReassignments: [46, 0, 0],
  OffsetDelete: [47, 0, 0],
  DescribeCluster: [60, 0, 2],
  DescribeProducers: [61, 0, 0],
  DescribeTransactions: [65, 0, 0],
  ListTransactions: [66, 0, 2],
  ConsumerGroupHeartbeat: [68, 0, 1],
  ConsumerGroupDescribe: [69, 0, 1],
  ListConfigResources: [74, 0, 1],
  DescribeTopicPartitions: [75, 0, 0],
}

describe('the list of APIs', () => {
  const { ask } = testBroker()

  test.each([0, 1, 2, 3, 4, 5])('ApiVersions %i tells what is served, each API with the full range of Kafka', async (version) => {
    const { errorCode, apiKeys } = await ask(apiVersions, version, { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    expect(errorCode).toBe(0)
    expect(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion])).toEqual(Object.values(listed))
  })
})
