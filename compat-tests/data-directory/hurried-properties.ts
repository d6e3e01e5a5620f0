/** So that work that Kafka does by the minute or by the week is done while a test looks on. */
export const hurriedProperties = {
  // Producers that stay ask for topics that were deleted.
  'auto.create.topics.enable': 'false',
  'metadata.log.max.snapshot.interval.ms': '5000',
  'metadata.log.segment.ms': '5000',
  'metadata.max.retention.ms': '5000',
  'log.cleaner.backoff.ms': '200',
  'log.flush.start.offset.checkpoint.interval.ms': '500',
  'log.initial.task.delay.ms': '500',
  'log.segment.delete.delay.ms': '1000',
  'transaction.state.log.num.partitions': '4',
}
