import { accepted, used } from '../setting.ts'

/** The quorum of controllers and the metadata log. */
export const kraftSettings = {
  'controller.quorum.voters': accepted.list([], 'The controllers, as id@host:port; a Grete node is its own.', {
    anyElements: true,
    importance: 'high',
  }),
  'controller.quorum.bootstrap.servers': accepted.list([], 'The addresses by which a controller finds the others.', {
    anyElements: true,
    importance: 'high',
  }),
  'controller.quorum.auto.join.enable': accepted.boolean(false, 'Whether a controller joins the quorum by itself.', {
    importance: 'low',
  }),
  'controller.quorum.append.linger.ms': accepted.int(25, "The milliseconds that the quorum's leader gathers records.", {
    min: 0,
  }),
  'controller.quorum.election.backoff.max.ms': accepted.int(
    1000,
    'The longest milliseconds before a new election after a failed one.',
    { min: 0, importance: 'high' },
  ),
  'controller.quorum.election.timeout.ms': accepted.int(
    1000,
    'The milliseconds without a majority after which an election begins.',
    { min: 0, importance: 'high' },
  ),
  'controller.quorum.fetch.max.bytes': accepted.int(1048576, "The bytes of one fetch of the quorum's log.", {
    min: 1,
    importance: 'low',
  }),
  'controller.quorum.fetch.snapshot.max.bytes': accepted.int(1048576, 'The bytes of one fetch of a metadata snapshot.', {
    min: 1,
    importance: 'low',
  }),
  'controller.quorum.fetch.timeout.ms': accepted.int(
    2000,
    "The milliseconds without a fetch after which the quorum's leader is given up.",
    { min: 0, importance: 'high' },
  ),
  'controller.quorum.request.timeout.ms': accepted.int(2000, 'The milliseconds that a request among controllers may take.', {
    min: 0,
  }),
  'controller.quorum.retry.backoff.ms': accepted.int(
    20,
    'The milliseconds before a failed request among controllers is sent again.',
    { min: 0, importance: 'low' },
  ),
  'controller.performance.always.log.threshold.ms': accepted.long(
    2000,
    'Controller events that take longer, in milliseconds, are always logged.',
    { min: 0, internal: true },
  ),
  'controller.performance.sample.period.ms': accepted.long(60000, 'The milliseconds of one sample of controller events.', {
    min: 100,
    internal: true,
  }),
  'broker.heartbeat.interval.ms': accepted.int(2000, 'The milliseconds between two heartbeats to the controller.'),
  'broker.session.timeout.ms': accepted.int(
    9000,
    'The milliseconds without a heartbeat after which the controller fences a node.',
  ),
  'initial.broker.registration.timeout.ms': accepted.int(
    60000,
    'The milliseconds in which a node must register with the controller.',
  ),
  'metadata.log.dir': used.string(null, 'Where the metadata log lies; the first of log.dirs if unset.', { importance: 'high' }),
  'metadata.log.segment.bytes': accepted.int(1073741824, 'The bytes of a segment of the metadata log.', {
    min: 8388608,
    importance: 'high',
  }),
  'metadata.log.segment.ms': accepted.long(604800000, 'The age in milliseconds at which the metadata log begins a new segment.', {
    importance: 'high',
  }),
  'metadata.log.max.record.bytes.between.snapshots': used.long(
    20971520,
    'The bytes of metadata records after which a snapshot is written.',
    { min: 1, importance: 'high' },
  ),
  'metadata.log.max.snapshot.interval.ms': used.long(
    3600000,
    'The milliseconds after which a snapshot of changed metadata is written; 0 is never.',
    { min: 0, importance: 'high' },
  ),
  'metadata.max.idle.interval.ms': accepted.int(
    500,
    'The milliseconds between two no-op records of an idle controller; 0 writes none.',
    { min: 0, importance: 'low' },
  ),
  'metadata.max.retention.bytes': used.long(104857600, 'The bytes of metadata log and snapshots above which old ones go.', {
    importance: 'high',
  }),
  'metadata.max.retention.ms': used.long(604800000, 'The age in milliseconds after which old metadata logs and snapshots go.', {
    importance: 'high',
  }),
  'internal.metadata.delete.delay.millis': accepted.long(
    60000,
    'The milliseconds between marking a metadata file deleted and removing it.',
    { importance: 'low', internal: true },
  ),
  'internal.metadata.log.segment.bytes': accepted.int(null, 'The bytes of a segment of the metadata log, for tests.', {
    importance: 'low',
    internal: true,
  }),
  'internal.metadata.max.batch.size.in.bytes': accepted.int(8388608, 'The bytes of one batch of metadata records.', {
    importance: 'low',
    internal: true,
  }),
}
