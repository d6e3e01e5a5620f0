import type { Logger } from '../environment/logger.ts'
import type { MetadataDelta } from './metadata-delta.ts'

/** One line for each topic that was made, grew or was deleted. */
export function logTopicChanges({ previous, topicsChanged, topicsRemoved }: MetadataDelta, logger: Logger): void {
  for (const { id, name, partitions } of topicsChanged) {
    const before = previous.topicsById.get(id)?.partitions.length
    const count = `${partitions.length} ${partitions.length === 1 ? 'partition' : 'partitions'}`
    if (before === undefined) logger.info({ topic: name, topicId: id }, `Topic ${name} was created with ${count}.`)
    else if (before < partitions.length)
      logger.info({ topic: name, topicId: id }, `Topic ${name} has ${count} now, ${before} before.`)
  }
  for (const { id, name } of topicsRemoved) logger.info({ topic: name, topicId: id }, `Topic ${name} was deleted.`)
}
