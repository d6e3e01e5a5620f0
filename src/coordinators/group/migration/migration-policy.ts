/** `group.consumer.migration.policy`: which ways a group with members may change its kind. An empty one always may. */
export type MigrationPolicy = 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled'

/** From classic to consumer, when the first member of the consumer protocol joins. */
export const mayUpgrade = (policy: MigrationPolicy): boolean => policy === 'bidirectional' || policy === 'upgrade'

/** From consumer to classic, when the last member of the consumer protocol leaves. */
export const mayDowngrade = (policy: MigrationPolicy): boolean => policy === 'bidirectional' || policy === 'downgrade'

/** Whether classic members may join a consumer group at all. */
export const mayMix = (policy: MigrationPolicy): boolean => policy !== 'disabled'
