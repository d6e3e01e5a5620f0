import { accepted, refused, used } from '../setting.ts'
import * as refusals from './refusals.ts'

/** Listeners, connections, and the limits on what they send. */
export const networkSettings = {
  listeners: used.list(
    ['PLAINTEXT://localhost:9092'],
    'Where the broker listens: NAME://host:port, comma-separated. localhost is 127.0.0.1 and ::1, no host is every address, port 0 a free one.',
    { notEmpty: true, importance: 'high', update: 'per-broker' },
  ),
  'advertised.listeners': used.list(
    null,
    'The addresses that clients are told, per listener name. Unset, a client is told the local address of its connection.',
    { notEmpty: true, importance: 'high' },
  ),
  'listener.security.protocol.map': used.string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'The security protocol of each listener name, as NAME:PROTOCOL.',
    { importance: 'low', update: 'per-broker' },
  ),
  'early.start.listeners': accepted.list(null, 'Listeners that open before the authorizer is ready.', { importance: 'high' }),
  'inter.broker.listener.name': used.string(null, 'The listener that nodes use among themselves.'),
  'security.inter.broker.protocol': accepted.string(
    'PLAINTEXT',
    'The protocol that nodes use among themselves where no listener is named.',
    { oneOf: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] },
  ),
  'socket.request.max.bytes': used.int(104857600, 'The bytes of the largest request; a longer one closes its connection.', {
    min: 1,
    importance: 'high',
  }),
  'socket.send.buffer.bytes': accepted.int(102400, "The bytes of the kernel's send buffer; -1 leaves it to the system.", {
    importance: 'high',
  }),
  'socket.receive.buffer.bytes': accepted.int(102400, "The bytes of the kernel's receive buffer; -1 leaves it to the system.", {
    importance: 'high',
  }),
  'socket.listen.backlog.size': used.int(50, 'The connections that may wait to be accepted.', { min: 1 }),
  'socket.connection.setup.timeout.ms': accepted.long(
    10000,
    'The milliseconds in which a connection to another node must stand.',
  ),
  'socket.connection.setup.timeout.max.ms': accepted.long(
    30000,
    'The longest milliseconds that a connection to another node is waited for.',
  ),
  'connections.max.idle.ms': used.long(600000, 'A connection that is idle for this many milliseconds is closed.'),
  'connection.failed.authentication.delay.ms': accepted.int(
    100,
    'The milliseconds between a failed authentication and the end of its connection.',
    { min: 0, importance: 'low' },
  ),
  'connections.max.reauth.ms': accepted.long(
    0,
    'The milliseconds after which a SASL client must authenticate again; 0 is never.',
  ),
  'max.connections': used.int(2147483647, 'The connections of this node; one more closes the least recently used.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'max.connections.per.ip': used.int(2147483647, 'The connections from one address.', { min: 0, update: 'cluster-wide' }),
  'max.connections.per.ip.overrides': used.string('', 'Exceptions to max.connections.per.ip, as host:count, comma-separated.', {
    update: 'cluster-wide',
  }),
  'max.connection.creation.rate': refused.int(2147483647, 'The new connections in a second.', {
    min: 0,
    update: 'cluster-wide',
    refuse: refusals.connectionRate,
  }),
  'queued.max.requests': accepted.int(500, 'Requests that wait for a handler thread before reading stops.', {
    min: 1,
    importance: 'high',
  }),
  'queued.max.request.bytes': used.long(
    -1,
    'The bytes of received requests in memory before reading stops; -1 is a fifth of memory.budget.bytes.',
  ),
  'num.network.threads': accepted.int(3, 'Threads that read and write sockets.', {
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
  }),
  'num.io.threads': accepted.int(8, 'Threads that handle requests.', { min: 1, importance: 'high', update: 'cluster-wide' }),
  'fetch.max.bytes': used.int(57671680, 'The bytes of one Fetch answer, whatever the client asks for.', { min: 1024 }),
  'max.incremental.fetch.session.cache.slots': used.int(1000, 'The incremental fetch sessions that are kept.', { min: 0 }),
  'fetch.purgatory.purge.interval.requests': accepted.int(1000, 'Waiting fetches between two purges of completed ones.'),
  'producer.purgatory.purge.interval.requests': accepted.int(1000, 'Waiting produces between two purges of completed ones.'),
  'delete.records.purgatory.purge.interval.requests': accepted.int(
    1,
    'Waiting DeleteRecords between two purges of completed ones.',
  ),
}
