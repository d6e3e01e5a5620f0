import type { Cluster, ClusterNode } from '../../cluster/cluster.ts'
import { type ProducerIdSource, producerIdSource } from '../../cluster/producer-ids.ts'
import type { BrokerConfig } from '../../config/broker-config.ts'
import { evictionGraceMs } from '../../config/eviction-grace.ts'
import type { Environment } from '../../environment/environment.ts'
import { builtInAssignors } from '../group/assignors/built-in-assignors.ts'
import type { GroupSettings } from '../group/group-settings.ts'
import type { MigrationPolicy } from '../group/migration/migration-policy.ts'
import type { TransactionSettings } from '../transaction/transaction-settings.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import { TransactionMarkers } from './transaction-markers.ts'
import { TransactionVerifier } from './transaction-verifier.ts'

/** What a client's parked request may cost is bounded by its size; this bounds how many there are. */
const OPEN_GROUP_REQUESTS_MAX = 100_000
const OPEN_TRANSACTION_REQUESTS_MAX = 100_000
/** Member ids that were given out and not used, for each group. */
const PENDING_MEMBERS_MAX = 10_000

/** The coordinators of a node, which need each other. */
export class Coordinators {
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly transactionMarkers: TransactionMarkers
  readonly transactionVerifier: TransactionVerifier
  readonly producerIds: ProducerIdSource

  constructor(cluster: Cluster, node: ClusterNode, environment: Environment) {
    const { config } = node
    this.producerIds = producerIdSource(cluster, node.id)
    this.groups = new GroupCoordinator({
      cluster,
      node,
      environment,
      settings: groupSettings(config),
      openRequestsMax: OPEN_GROUP_REQUESTS_MAX,
      // Offsets of a transaction are asked for at its coordinator, whose markers come to the groups.
      verifier: {
        isNeeded: (support) => this.transactionVerifier.isNeeded(support),
        ask: (writes, caller) => this.transactionVerifier.ask(writes, caller),
      },
    })
    this.transactionMarkers = new TransactionMarkers({ cluster, node, groups: this.groups, environment })
    this.transactions = new TransactionCoordinator({
      cluster,
      node,
      markers: this.transactionMarkers,
      producerIds: this.producerIds,
      environment,
      settings: transactionSettings(config),
      openRequestsMax: OPEN_TRANSACTION_REQUESTS_MAX,
    })
    this.transactionVerifier = new TransactionVerifier({ transactions: this.transactions, node, environment })
  }

  stop(): void {
    this.transactions.stop()
    this.transactionMarkers.stop()
    this.groups.stop()
  }
}

function groupSettings(config: BrokerConfig): GroupSettings {
  return {
    minSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    evictOnDisconnectMs: evictionGraceMs(config),
    initialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    membersMax: config.get('group.max.size'),
    pendingMembersMax: PENDING_MEMBERS_MAX,
    memberBytesMax: config.get('group.members.max.bytes'),
    offsetMetadataLengthMax: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.get('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
    consumerMembersMax: config.get('group.consumer.max.size'),
    consumerAssignors: config
      .get('group.consumer.assignors')
      .flatMap((name) => builtInAssignors.find((assignor) => assignor.name === name) ?? []),
    migrationPolicy: config.get('group.consumer.migration.policy').toLowerCase() as MigrationPolicy,
    regexRefreshIntervalMs: config.get('group.consumer.regex.refresh.interval.ms'),
    batchBytesMax: config.get('message.max.bytes'),
  }
}

function transactionSettings(config: BrokerConfig): TransactionSettings {
  return {
    maxTimeoutMs: config.get('transaction.max.timeout.ms'),
    abortTimedOutIntervalMs: config.get('transaction.abort.timed.out.transaction.cleanup.interval.ms'),
    idExpirationMs: config.get('transactional.id.expiration.ms'),
    removeExpiredIntervalMs: config.get('transaction.remove.expired.transaction.cleanup.interval.ms'),
    batchBytesMax: config.get('message.max.bytes'),
  }
}
