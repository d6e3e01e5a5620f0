import { used } from '../setting.ts'

const mebibyte = 1024 * 1024

/** The settings that Kafka does not have. */
export const greteSettings = {
  durability: used.string(
    'fsync',
    'When a record counts as durable: fsync once it is synced to disk, page-cache once it is written, as in Kafka.',
    {
      oneOf: ['fsync', 'page-cache'],
      importance: 'high',
    },
  ),
  'storage.type': used.string(
    'segments',
    'Where records are kept: segments in files of the data directory, memory nowhere else.',
    {
      oneOf: ['segments', 'memory'],
      importance: 'high',
    },
  ),
  'memory.log.bytes': used.long(
    null,
    'The bytes of records that memory may hold; unset, half of what the machine or its cgroup has.',
    {
      min: 1,
      importance: 'high',
    },
  ),
  'memory.budget.bytes': used.long(
    null,
    'The bytes that buffers and caches may take; unset, a quarter of what the machine or its cgroup has, at most 320 MiB.',
    {
      min: 10 * mebibyte,
      importance: 'high',
    },
  ),
  topics: used.list([], 'Topics that the start creates where they do not exist, as name or name:partitions.', {
    importance: 'medium',
  }),
  'cluster.id': used.string(null, 'The id of the cluster, for a new data directory; unset, a random one.', { notEmpty: true }),
  'log.level': used.string('info', 'The least level of a log line.', {
    oneOf: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  }),
  'replication.factor.strict': used.boolean(
    false,
    'Whether a replication factor above the number of nodes is refused, as in Kafka, and not met with the replicas that exist.',
  ),
  'queued.max.request.bytes.per.connection': used.long(
    16 * mebibyte,
    'The bytes of received requests of one connection in memory before its reading stops.',
    { min: 1 },
  ),
  'queued.max.response.bytes': used.long(
    null,
    'The bytes of responses in memory before Fetch answers with less, or waits; unset, two fifths of memory.budget.bytes.',
    {
      min: mebibyte,
    },
  ),
  'frame.stall.timeout.ms': used.int(
    5000,
    'The milliseconds in which a half-received request must gain a byte while others wait for its memory.',
    { min: 1 },
  ),
  'group.members.max.bytes': used.long(
    64 * mebibyte,
    'The bytes that members of groups keep in memory, metadata and assignments, before those that need more are refused.',
    { min: mebibyte },
  ),
  'group.evict.on.disconnect': used.int(
    null,
    'The milliseconds after which a member whose connection ended is removed, if it is not static; -1 is never; unset, 7000 in memory, else never.',
    { min: -1 },
  ),
  'storage.unwritten.max.bytes': used.long(
    null,
    'The bytes that wait to be written to disk before further requests of their connections wait; unset, a fifth of memory.budget.bytes.',
    { min: mebibyte },
  ),
}
