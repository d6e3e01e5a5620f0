import { describe, expect, test } from '@jest/globals'
import { errorCode } from '../../../protocol/errors.ts'
import { apiVersions } from '../../../protocol/messages/api-versions.ts'
import { describeCluster } from '../../../protocol/messages/describe-cluster.ts'
import { describeLogDirs } from '../../../protocol/messages/describe-log-dirs.ts'
import { testBroker } from '../test-broker.ts'

const broker = testBroker({ topics: { orders: 3, parcels: 1 }, config: { 'node.id': 7 } })
const { ask } = broker

describe('ApiVersions', () => {
  const software = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.4.0' }

  test.each(['', '-x', 'x-', 'x y'])('refuses a client that calls itself %j', async (clientSoftwareName) => {
    const answer = await ask(apiVersions, 3, { ...software, clientSoftwareName })
    expect(answer).toMatchObject({ errorCode: errorCode('INVALID_REQUEST'), apiKeys: [] })
  })

  test('asks a client to start over that means another cluster or another node', async () => {
    const { clusterId } = await ask(describeCluster, 0, { includeClusterAuthorizedOperations: false })
    const codeFor = async (meant: { clusterId: string | null; nodeId?: number }) =>
      (await ask(apiVersions, 5, { ...software, ...meant })).errorCode
    expect(await codeFor({ clusterId: null })).toBe(0)
    expect(await codeFor({ clusterId, nodeId: 7 })).toBe(0)
    expect(await codeFor({ clusterId: 'another', nodeId: 7 })).toBe(errorCode('REBOOTSTRAP_REQUIRED'))
    expect(await codeFor({ clusterId, nodeId: 8 })).toBe(errorCode('REBOOTSTRAP_REQUIRED'))
  })

  test('names no feature whose APIs are not served', async () => {
    const { finalizedFeatures, supportedFeatures, finalizedFeaturesEpoch } = await ask(apiVersions, 4, software)
    const names = [...finalizedFeatures, ...supportedFeatures].map(({ name }) => name)
    expect(names).toContain('metadata.version')
    for (const feature of ['transaction.version', 'group.version']) expect(names).toContain(feature)
    for (const feature of ['share.version', 'streams.version']) expect(names).not.toContain(feature)
    expect(finalizedFeaturesEpoch).toBeGreaterThan(0n)
  })

  test('leaves out features that begin at 0 for clients before version 4', async () => {
    const { supportedFeatures } = await ask(apiVersions, 3, software)
    expect(supportedFeatures.map(({ name }) => name)).toEqual(['metadata.version'])
  })
})

describe('DescribeCluster', () => {
  test.each([0, 1, 2])('version %i tells the brokers', async (version) => {
    const answer = await ask(describeCluster, version, { includeClusterAuthorizedOperations: true })
    expect(answer).toMatchObject({
      errorCode: 0,
      errorMessage: null,
      controllerId: 7,
      brokers: [{ brokerId: 7, host: '127.0.0.1', port: broker.port, rack: null, isFenced: false }],
      clusterAuthorizedOperations: 8096,
    })
  })

  test('refuses to speak of controllers, and of what it does not know', async () => {
    const ofType = async (endpointType: number) =>
      (await ask(describeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType })).errorCode
    expect(await ofType(2)).toBe(errorCode('MISMATCHED_ENDPOINT_TYPE'))
    expect(await ofType(9)).toBe(errorCode('UNSUPPORTED_ENDPOINT_TYPE'))
  })
})

describe('DescribeLogDirs', () => {
  const partitionsOf = (topics: readonly { name: string; partitions: readonly { partitionIndex: number }[] }[]) =>
    topics.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)])

  test.each([0, 1, 2, 3, 4, 5])('version %i tells all partitions where none are named', async (version) => {
    const { errorCode: code, results } = await ask(describeLogDirs, version, { topics: null })
    expect(code).toBe(0)
    expect(results).toHaveLength(1)
    expect(partitionsOf(results[0]!.topics)).toEqual([
      ['orders', [0, 1, 2]],
      ['parcels', [0]],
    ])
    expect(results[0]!.totalBytes > 0n).toBe(version >= 4)
  })

  test('tells those that were asked for and exist', async () => {
    const topics = [
      { topic: 'orders', partitions: [2, 9] },
      { topic: 'unknown', partitions: [0] },
    ]
    const { results } = await ask(describeLogDirs, 4, { topics })
    expect(results.map((directory) => partitionsOf(directory.topics))).toEqual([[['orders', [2]]]])
    expect((await ask(describeLogDirs, 4, { topics: [] })).results.map((directory) => directory.topics)).toEqual([[]])
  })
})
