import { accepted, longMax, used } from '../setting.ts'

/**
 * Replicas in other processes: without meaning in one process. Kafka knows the three rates only as settings that are
 * changed while it runs, so they are shown only if they are set.
 */
export const replicationSettings = {
  'replica.lag.time.max.ms': accepted.long(30000, 'The milliseconds that a replica may be behind before it leaves the ISR.', {
    importance: 'high',
  }),
  'replica.fetch.max.bytes': accepted.int(1048576, 'The bytes that a replica fetches of one partition.', { min: 0 }),
  'replica.fetch.min.bytes': accepted.int(1, 'The least bytes that a replica waits for.', { importance: 'high' }),
  'replica.fetch.response.max.bytes': accepted.int(10485760, 'The bytes that a replica fetches at once.', { min: 0 }),
  'replica.fetch.wait.max.ms': accepted.int(500, "The milliseconds that a replica's fetch may wait.", { importance: 'high' }),
  'replica.fetch.backoff.ms': accepted.int(1000, 'The milliseconds that a replica waits after a failed fetch.', { min: 0 }),
  'replica.high.watermark.checkpoint.interval.ms': used.long(
    5000,
    'The milliseconds between two writes of the high watermarks.',
    {
      importance: 'high',
    },
  ),
  'replica.selector.class': accepted.string(null, 'The class that chooses a near replica for a consumer.'),
  'replica.socket.receive.buffer.bytes': accepted.int(65536, "The bytes of the receive buffer of a replica's connection.", {
    importance: 'high',
  }),
  'replica.socket.timeout.ms': accepted.int(30000, "The milliseconds that a replica's request may take.", { importance: 'high' }),
  'replica.alter.log.dirs.io.max.bytes.per.second': accepted.long(
    longMax,
    'The bytes in a second that move between data directories.',
    { min: 0, internal: true, update: 'cluster-wide' },
  ),
  'num.replica.fetchers': accepted.int(1, 'Threads that fetch from each other node.', {
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'num.replica.alter.log.dirs.threads': accepted.int(null, 'Threads that move data between directories.', { importance: 'high' }),
  'leader.replication.throttled.rate': accepted.long(longMax, 'The bytes in a second that leaders send for throttled replicas.', {
    min: 0,
    internal: true,
    update: 'cluster-wide',
  }),
  'follower.replication.throttled.rate': accepted.long(
    longMax,
    'The bytes in a second that followers take for throttled replicas.',
    { min: 0, internal: true, update: 'cluster-wide' },
  ),
  'controller.socket.timeout.ms': accepted.int(30000, 'The milliseconds that a request to the controller may take.'),
  'follower.fetch.last.tiered.offset.enable': accepted.boolean(
    false,
    'Whether a new replica starts from the last offset in tiered storage.',
    { update: 'cluster-wide' },
  ),
}
