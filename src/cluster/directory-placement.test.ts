import { expect, test } from '@jest/globals'
import { DirectoryPlacement } from './directory-placement.ts'
import {
  type BrokerRegistration,
  emptyImage,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
} from './metadata-image.ts'

const broker = (brokerId: number, logDirs: readonly string[]): [number, BrokerRegistration] => [
  brokerId,
  {
    brokerId,
    logDirs,
    brokerEpoch: 1n,
    incarnationId: '',
    endpoints: [],
    features: [],
    rack: null,
    fenced: false,
    inControlledShutdown: false,
    isMigratingZkBroker: false,
    cordonedLogDirs: [],
  },
]

function imageOf(brokers: readonly [number, BrokerRegistration][], directories: readonly string[]): MetadataImage {
  const partition = (directory: string, index: number): PartitionImage => ({
    partition: index,
    replicas: [1],
    directories: [directory],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
  })
  const topic: TopicImage = { id: 'id', name: 'orders', partitions: directories.map(partition) }
  return { ...emptyImage, brokers: new Map(brokers), topicsById: new Map([[topic.id, topic]]) }
}

test('the directory with the fewest partitions is next, those of the same request counted, the first among equals', () => {
  const placement = new DirectoryPlacement(imageOf([broker(1, ['a', 'b', 'c'])], ['a', 'a', 'b', 'gone']))
  expect(Array.from({ length: 6 }, () => placement.directoriesOf([1])[0])).toEqual(['c', 'b', 'c', 'a', 'b', 'c'])
})

test('nodes that share their directories have a partition in the same one; others choose for themselves', () => {
  const brokers = [broker(1, ['a', 'b']), broker(2, ['a', 'b']), broker(3, ['x']), broker(4, [])]
  const placement = new DirectoryPlacement(imageOf(brokers, ['a']))
  expect(placement.directoriesOf([1, 2, 3])).toEqual(['b', 'b', 'x'])
  expect(placement.directoriesOf([4])).toEqual(['AAAAAAAAAAAAAAAAAAAAAA'])
})
