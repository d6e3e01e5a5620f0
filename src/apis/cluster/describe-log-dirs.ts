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
    results: services.cluster.logDirectories().map((directory) => ({
      errorCode: 0,
      logDir: directory.path,
      topics: topicsOf(directory, wanted),
      totalBytes: directory.totalBytes,
      usableBytes: directory.usableBytes,
      isCordoned: false,
    })),
  }
}

function topicsOf({ partitions }: LogDirectory, wanted: (topic: string, partition: number) => boolean): TopicResponse[] {
  const byTopic = new Map<string, TopicResponse['partitions'][number][]>()
  for (const { topic, partition, sizeBytes } of partitions) {
    if (!wanted(topic, partition)) continue
    const ofTopic = byTopic.get(topic) ?? []
    byTopic.set(topic, ofTopic)
    ofTopic.push({ partitionIndex: partition, partitionSize: sizeBytes, offsetLag: 0n, isFutureKey: false })
  }
  return Array.from(byTopic, ([name, ofTopic]) => ({ name, partitions: ofTopic }))
}
