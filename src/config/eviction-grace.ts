import type { BrokerConfig } from './broker-config.ts'

/** How often consumers of classic groups send heartbeats unless they are told otherwise; the broker cannot know. */
const classicHeartbeatIntervalMs = 3000
/** For a member whose connection ended just after its heartbeat: the time to connect anew. */
const reconnectMs = 2000

const heartbeatIntervalMs = (config: BrokerConfig): number =>
  Math.max(classicHeartbeatIntervalMs, config.get('group.consumer.heartbeat.interval.ms'))

/** What `group.evict.on.disconnect` comes to; null: nobody is evicted. On by itself where data is in memory, as it is in tests. */
export function evictionGraceMs(config: BrokerConfig): number | null {
  const graceMs = config.get('group.evict.on.disconnect')
  if (graceMs !== null) return graceMs === -1 ? null : graceMs
  return config.get('storage.type') === 'memory' ? heartbeatIntervalMs(config) + reconnectMs : null
}

/** Within its grace every member that lives must be heard of. */
export function checkEvictionGrace(config: BrokerConfig): string[] {
  const graceMs = config.get('group.evict.on.disconnect')
  if (graceMs === null || graceMs === -1 || graceMs > heartbeatIntervalMs(config)) return []
  const least = `${classicHeartbeatIntervalMs} and group.consumer.heartbeat.interval.ms (${config.get('group.consumer.heartbeat.interval.ms')})`
  return [
    `group.evict.on.disconnect (${graceMs}) must be above ${least}: a member that lives would be removed between two heartbeats. -1 is never.`,
  ]
}
