import { errorCode } from '../../../protocol/errors.ts'
import type { describeLogDirs } from '../../../protocol/messages/describe-log-dirs.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { LogDirectory } from '../../cluster/cluster.ts'
import type { RequestContext } from '../context.ts'

/* DescribeLogDirs (KIP-113). 2: flexible · 3: an error for the whole (KIP-784) · 4: total and usable bytes (KIP-827) · 5: cordoned directories (KIP-1066) */

type Request = RequestOf<typeof describeLogDirs>
type Response = ResponseOf<typeof describeLogDirs>
type TopicResponse = Response['results'][number]['topics'][number]

export function handleDescribeLogDirs({ topics }: Request, { services }: RequestContext): Response {
  const asked = topics === null ? null : new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const wanted = (topic: string, partition: number): boolean => asked === null || asked.get(topic)?.has(partition) === true
  return {
    errorCode: 0,
    results: services.cluster.logDirectories().map((each) => ({
      logDir: each.directory.path,
      isCordoned: false,
      ...(each.directory.failure === null ? usable(each, wanted) : failed),
    })),
  }
}

const failed = { errorCode: errorCode('KAFKA_STORAGE_ERROR'), topics: [], totalBytes: -1n, usableBytes: -1n }

function usable(each: LogDirectory, wanted: (topic: string, partition: number) => boolean) {
  return { errorCode: 0, topics: topicsOf(each, wanted), ...each.directory.space() }
}

function topicsOf({ logs }: LogDirectory, wanted: (topic: string, partition: number) => boolean): TopicResponse[] {
  const byTopic = new Map<string, TopicResponse['partitions'][number][]>()
  for (const { id, sizeBytes } of logs) {
    const { topic, partition } = id
    if (!wanted(topic, partition)) continue
    const ofTopic = byTopic.get(topic) ?? []
    byTopic.set(topic, ofTopic)
    ofTopic.push({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag: 0n, isFutureKey: false })
  }
  return Array.from(byTopic, ([name, ofTopic]) => ({ name, partitions: ofTopic }))
}
