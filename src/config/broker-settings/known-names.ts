/*
 * Names that a server.properties may hold though no row describes them. They have no meaning here and are accepted, so
 * that a file which served Kafka starts Grete as it stands.
 */

/** Settings of older Kafka releases, and those that Kafka's own authorizer reads. */
const names: ReadonlySet<string> = new Set([
  'advertised.host.name',
  'advertised.port',
  'allow.everyone.if.no.acl.found',
  'auto.include.jmx.reporter',
  'broker.id.generation.enable',
  'control.plane.listener.name',
  'controlled.shutdown.max.retries',
  'controlled.shutdown.retry.backoff.ms',
  'eligible.leader.replicas.enable',
  'group.coordinator.new.enable',
  'group.share.enable',
  'group.share.max.groups',
  'host.name',
  'inter.broker.protocol.version',
  'leader.imbalance.per.broker.percentage',
  'log.message.downconversion.enable',
  'log.message.format.version',
  'log.message.timestamp.difference.max.ms',
  'offsets.commit.required.acks',
  'quota.consumer.default',
  'quota.producer.default',
  'reserved.broker.max.id',
  'super.users',
  'zookeeper.connect',
])

/** What plugins and other programs read from the same file. */
const prefixes = [
  'rsm.config.',
  'rlmm.config.',
  'config.providers.',
  'password.encoder.',
  'zookeeper.',
  'confluent.',
  'kafka.metrics.',
]

/** Whether a name belongs to something that Grete does not have. */
export function isForeignName(name: string): boolean {
  return names.has(name) || prefixes.some((prefix) => name.startsWith(prefix) && name.length > prefix.length)
}
