/**
 * Kafka's errors: the one table from which codes, names and messages are taken (`Errors` in Kafka's clients).
 *
 * `retriable`: a client may send the same request again. `refreshMetadata`: it looks up leaders or coordinators first.
 */
interface ErrorRow {
  readonly code: number
  readonly retriable: boolean
  readonly refreshMetadata: boolean
  readonly message: string
}

const row = (code: number, retriable: boolean, refreshMetadata: boolean, message: string): ErrorRow => ({
  code,
  retriable,
  refreshMetadata,
  message,
})

export const errors = {
  UNKNOWN_SERVER_ERROR: row(-1, false, false, 'Unexpected failure inside the broker.'),
  NONE: row(0, false, false, ''),
  OFFSET_OUT_OF_RANGE: row(1, false, false, 'Asked-for offset lies outside log start..high watermark/end.'),
  CORRUPT_MESSAGE: row(2, true, false, 'Batch CRC or size wrong, or null key on a compacted topic.'),
  UNKNOWN_TOPIC_OR_PARTITION: row(3, true, true, 'Topic or partition not known here (also hidden by lack of Describe right).'),
  INVALID_FETCH_SIZE: row(4, false, false, 'Fetch size not usable.'),
  LEADER_NOT_AVAILABLE: row(5, true, true, 'Partition has no leader at the moment.'),
  NOT_LEADER_OR_FOLLOWER: row(6, true, true, 'This broker is not the leader (or not a replica).'),
  REQUEST_TIMED_OUT: row(7, true, false, "Broker could not finish within the request's timeout."),
  BROKER_NOT_AVAILABLE: row(8, false, false, 'Broker not reachable (legacy).'),
  REPLICA_NOT_AVAILABLE: row(9, true, true, 'Replica not usable here at the moment.'),
  MESSAGE_TOO_LARGE: row(10, false, false, 'One batch/record is bigger than max.message.bytes.'),
  STALE_CONTROLLER_EPOCH: row(11, false, false, "Sender's controller epoch is old."),
  OFFSET_METADATA_TOO_LARGE: row(12, false, false, 'Offset-commit metadata string longer than offset.metadata.max.bytes.'),
  NETWORK_EXCEPTION: row(13, true, true, 'Connection dropped before the reply (client side).'),
  COORDINATOR_LOAD_IN_PROGRESS: row(14, true, false, 'Coordinator is still loading its state.'),
  COORDINATOR_NOT_AVAILABLE: row(15, true, true, 'No coordinator available (e.g. its internal topic lacks a leader).'),
  NOT_COORDINATOR: row(16, true, true, 'This broker does not coordinate that group/txn id.'),
  INVALID_TOPIC_EXCEPTION: row(17, false, false, 'Topic name not legal, or operation not permitted on that topic.'),
  RECORD_LIST_TOO_LARGE: row(18, false, false, 'Batch bigger than the segment size.'),
  NOT_ENOUGH_REPLICAS: row(19, true, false, 'ISR below min.insync.replicas before append.'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: row(20, true, false, 'ISR fell below min.insync.replicas after append.'),
  INVALID_REQUIRED_ACKS: row(21, false, false, 'Acks not one of -1, 0, 1.'),
  ILLEGAL_GENERATION: row(
    22,
    false,
    false,
    "Generation id (or, for KIP-848 members on old commits, epoch) does not match the group's.",
  ),
  INCONSISTENT_GROUP_PROTOCOL: row(23, false, false, "Member's protocol type/list does not fit the group's."),
  INVALID_GROUP_ID: row(24, false, false, 'Group id empty or otherwise not legal.'),
  UNKNOWN_MEMBER_ID: row(25, false, false, 'Member id not known in the group.'),
  INVALID_SESSION_TIMEOUT: row(26, false, false, "Session timeout outside the broker's min..max."),
  REBALANCE_IN_PROGRESS: row(27, false, false, 'Rebalance under way; member must rejoin.'),
  INVALID_COMMIT_OFFSET_SIZE: row(28, false, false, 'Offset commit record would be too large.'),
  TOPIC_AUTHORIZATION_FAILED: row(29, false, false, 'Principal lacks the right on a topic.'),
  GROUP_AUTHORIZATION_FAILED: row(30, false, false, 'Principal lacks the right on a group.'),
  CLUSTER_AUTHORIZATION_FAILED: row(31, false, false, 'Principal lacks the right on the cluster.'),
  INVALID_TIMESTAMP: row(32, false, false, 'Record timestamp outside allowed before/after window.'),
  UNSUPPORTED_SASL_MECHANISM: row(33, false, false, 'SASL mechanism not enabled (answer lists the enabled ones).'),
  ILLEGAL_SASL_STATE: row(34, false, false, 'Request not fit for the present SASL state.'),
  UNSUPPORTED_VERSION: row(35, false, false, 'Version of this API not supported.'),
  TOPIC_ALREADY_EXISTS: row(36, false, false, 'Topic name already taken.'),
  INVALID_PARTITIONS: row(37, false, false, 'Partition count below 1 or not an increase.'),
  INVALID_REPLICATION_FACTOR: row(38, false, false, 'Replication factor below 1 or above broker count.'),
  INVALID_REPLICA_ASSIGNMENT: row(39, false, false, 'Manual replica assignment is not valid.'),
  INVALID_CONFIG: row(40, false, false, 'A config value/key is not valid.'),
  NOT_CONTROLLER: row(41, true, false, 'This node is not the active controller.'),
  INVALID_REQUEST: row(42, false, false, 'Malformed or contradictory request.'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: row(43, false, false, 'Stored message format too old for the request.'),
  POLICY_VIOLATION: row(44, false, false, 'A create/alter policy said no.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: row(45, false, false, 'Producer sequence has a gap.'),
  DUPLICATE_SEQUENCE_NUMBER: row(46, false, false, 'Producer sequence already seen (older than cached batches).'),
  INVALID_PRODUCER_EPOCH: row(47, false, false, 'Producer epoch older than the newest one known.'),
  INVALID_TXN_STATE: row(48, false, false, 'Transaction is in a state which forbids this.'),
  INVALID_PRODUCER_ID_MAPPING: row(49, false, false, 'Producer id is not the one mapped to this transactional id.'),
  INVALID_TRANSACTION_TIMEOUT: row(50, false, false, 'Transaction timeout above transaction.max.timeout.ms or not positive.'),
  CONCURRENT_TRANSACTIONS: row(51, true, false, 'Another operation on this transaction is still in progress; retry.'),
  TRANSACTION_COORDINATOR_FENCED: row(52, false, false, 'Txn marker came from an out-of-date coordinator epoch.'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: row(53, false, false, 'Principal lacks the right on a transactional id.'),
  SECURITY_DISABLED: row(54, false, false, 'No authorizer configured, so ACL calls are refused.'),
  OPERATION_NOT_ATTEMPTED: row(55, false, false, 'Not tried because another item of the batch failed.'),
  KAFKA_STORAGE_ERROR: row(56, true, true, 'Disk failure for that log dir.'),
  LOG_DIR_NOT_FOUND: row(57, false, false, 'Named log dir does not exist.'),
  SASL_AUTHENTICATION_FAILED: row(58, false, false, 'SASL credentials refused.'),
  UNKNOWN_PRODUCER_ID: row(59, false, false, 'No state kept for this producer id (only old brokers/txn verification use it).'),
  REASSIGNMENT_IN_PROGRESS: row(60, false, false, 'Reassignment of that partition is under way.'),
  DELEGATION_TOKEN_AUTH_DISABLED: row(61, false, false, 'Delegation tokens are switched off.'),
  DELEGATION_TOKEN_NOT_FOUND: row(62, false, false, 'No such delegation token.'),
  DELEGATION_TOKEN_OWNER_MISMATCH: row(63, false, false, 'Principal is neither owner nor renewer of the token.'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: row(64, false, false, 'Token request not allowed over this kind of connection.'),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: row(65, false, false, 'No right on the delegation token.'),
  DELEGATION_TOKEN_EXPIRED: row(66, false, false, 'Delegation token has run out.'),
  INVALID_PRINCIPAL_TYPE: row(67, false, false, 'Principal type must be User.'),
  NON_EMPTY_GROUP: row(68, false, false, 'Group still has members.'),
  GROUP_ID_NOT_FOUND: row(69, false, false, 'No such group.'),
  FETCH_SESSION_ID_NOT_FOUND: row(70, true, false, 'Fetch session id unknown (evicted or never made).'),
  INVALID_FETCH_SESSION_EPOCH: row(71, true, false, 'Fetch session epoch is not the expected next one.'),
  LISTENER_NOT_FOUND: row(72, true, true, 'Leader has no listener of the name the client used.'),
  TOPIC_DELETION_DISABLED: row(73, false, false, 'Delete.topic.enable=false.'),
  FENCED_LEADER_EPOCH: row(74, true, true, "Client's leader epoch is older than ours."),
  UNKNOWN_LEADER_EPOCH: row(75, true, false, "Client's leader epoch is newer than ours."),
  UNSUPPORTED_COMPRESSION_TYPE: row(76, false, false, "Client's fetch version cannot carry that codec (zstd below v10)."),
  STALE_BROKER_EPOCH: row(77, false, false, 'Broker epoch is out of date.'),
  OFFSET_NOT_AVAILABLE: row(78, true, false, "New leader's high watermark is not yet settled."),
  MEMBER_ID_REQUIRED: row(79, false, false, 'First join: use the member id in this reply and join again.'),
  PREFERRED_LEADER_NOT_AVAILABLE: row(80, true, true, 'Preferred replica cannot lead.'),
  GROUP_MAX_SIZE_REACHED: row(81, false, false, 'Group.max.size reached.'),
  FENCED_INSTANCE_ID: row(82, false, false, 'Another member now owns this group.instance.id.'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: row(83, true, true, 'No in-sync (or any) replica can lead.'),
  ELECTION_NOT_NEEDED: row(84, true, true, 'Wanted leader already leads.'),
  NO_REASSIGNMENT_IN_PROGRESS: row(85, false, false, 'No reassignment to list/cancel.'),
  GROUP_SUBSCRIBED_TO_TOPIC: row(86, false, false, 'Cannot delete offsets of a topic the group is subscribed to.'),
  INVALID_RECORD: row(87, false, false, 'Record refused by broker validation.'),
  UNSTABLE_OFFSET_COMMIT: row(88, true, false, 'Pending transactional offsets exist; retry (requireStable).'),
  THROTTLING_QUOTA_EXCEEDED: row(89, true, false, 'Mutation quota spent; retry after throttle time.'),
  PRODUCER_FENCED: row(90, false, false, 'Newer producer with same transactional id exists.'),
  RESOURCE_NOT_FOUND: row(91, false, false, 'Thing named in the request does not exist.'),
  DUPLICATE_RESOURCE: row(92, false, false, 'Thing named twice in the request.'),
  UNACCEPTABLE_CREDENTIAL: row(93, false, false, 'Credential not acceptable (e.g. iteration count out of range).'),
  INCONSISTENT_VOTER_SET: row(94, false, false, 'Raft voter set differs.'),
  INVALID_UPDATE_VERSION: row(95, false, false, 'Bad feature/voter update version.'),
  FEATURE_UPDATE_FAILED: row(96, false, false, 'Feature update could not be done.'),
  PRINCIPAL_DESERIALIZATION_FAILURE: row(97, false, false, 'Forwarded principal could not be decoded.'),
  SNAPSHOT_NOT_FOUND: row(98, false, false, 'No such raft snapshot.'),
  POSITION_OUT_OF_RANGE: row(99, false, false, 'Position beyond the snapshot.'),
  UNKNOWN_TOPIC_ID: row(100, true, true, 'Topic id not hosted here.'),
  DUPLICATE_BROKER_REGISTRATION: row(101, false, false, 'Broker id already registered by a live broker.'),
  BROKER_ID_NOT_REGISTERED: row(102, false, false, 'No such broker id.'),
  INCONSISTENT_TOPIC_ID: row(103, true, true, "Topic id differs from the log's own."),
  INCONSISTENT_CLUSTER_ID: row(104, false, false, 'Cluster id differs.'),
  TRANSACTIONAL_ID_NOT_FOUND: row(105, false, false, 'No such transactional id.'),
  FETCH_SESSION_TOPIC_ID_ERROR: row(106, true, false, 'Fetch session mixes topic ids and names.'),
  INELIGIBLE_REPLICA: row(107, false, false, 'Proposed ISR holds an ineligible replica.'),
  NEW_LEADER_ELECTED: row(108, false, false, 'ISR change took effect but leader moved.'),
  OFFSET_MOVED_TO_TIERED_STORAGE: row(109, false, false, 'Offset only in tiered storage (follower fetch).'),
  FENCED_MEMBER_EPOCH: row(110, false, false, 'Member epoch fenced; give up partitions and rejoin with epoch 0.'),
  UNRELEASED_INSTANCE_ID: row(111, false, false, 'Instance id still in use by another member.'),
  UNSUPPORTED_ASSIGNOR: row(112, false, false, 'Server-side assignor name not known.'),
  STALE_MEMBER_EPOCH: row(113, false, false, 'Member epoch is behind; retry after next heartbeat.'),
  MISMATCHED_ENDPOINT_TYPE: row(114, false, false, 'Request sent to broker where controller needed, or vice versa.'),
  UNSUPPORTED_ENDPOINT_TYPE: row(115, false, false, 'Endpoint type not supported.'),
  UNKNOWN_CONTROLLER_ID: row(116, false, false, 'No such controller id.'),
  UNKNOWN_SUBSCRIPTION_ID: row(117, false, false, 'Telemetry subscription id out of date; fetch a new one.'),
  TELEMETRY_TOO_LARGE: row(118, false, false, 'Telemetry push bigger than telemetry.max.bytes.'),
  INVALID_REGISTRATION: row(119, false, false, 'Broker registration refused.'),
  TRANSACTION_ABORTABLE: row(120, false, false, 'Transaction must be aborted, then the id can go on.'),
  INVALID_RECORD_STATE: row(121, false, false, 'Share record not in Acquired state for this member.'),
  SHARE_SESSION_NOT_FOUND: row(122, true, false, 'No share session for that member/group.'),
  INVALID_SHARE_SESSION_EPOCH: row(123, true, false, 'Share session epoch is not the expected next one.'),
  FENCED_STATE_EPOCH: row(124, false, false, 'Share-state epoch does not match.'),
  INVALID_VOTER_KEY: row(125, false, false, 'Voter key does not match the replica.'),
  DUPLICATE_VOTER: row(126, false, false, 'Already a voter.'),
  VOTER_NOT_FOUND: row(127, false, false, 'Not a voter.'),
  INVALID_REGULAR_EXPRESSION: row(128, false, false, 'RE2 subscription pattern does not compile.'),
  REBOOTSTRAP_REQUIRED: row(129, false, false, 'Client should bootstrap again (KIP-1102).'),
  STREAMS_INVALID_TOPOLOGY: row(130, false, false, 'Streams topology not valid.'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: row(131, false, false, 'Streams topology epoch not valid.'),
  STREAMS_TOPOLOGY_FENCED: row(132, false, false, 'Streams topology epoch out of date.'),
  SHARE_SESSION_LIMIT_REACHED: row(133, true, false, 'No free share session slot.'),
  GROUP_DELETION_FAILED: row(134, false, false, 'Group delete could not be finished; see message (4.4+).'),
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: row(
    135,
    false,
    false,
    'Streams topology description not stored; see message (4.4+).',
  ),
  CONTROLLER_ID_NOT_REGISTERED: row(136, false, false, 'No such controller id registered (4.4+).'),
} as const satisfies Record<string, ErrorRow>

export type ErrorName = keyof typeof errors

const namesByCode = new Map<number, ErrorName>((Object.keys(errors) as ErrorName[]).map((name) => [errors[name].code, name]))

export const errorCode = (name: ErrorName): number => errors[name].code

/** The name of a code that came over the wire; undefined if Kafka has none. */
export const errorName = (code: number): ErrorName | undefined => namesByCode.get(code)

/** What an answer can say beyond the code. */
export interface KafkaErrorDetails {
  /** The leader as this node knows it (KIP-951). */
  readonly leader?: { readonly id: number; readonly epoch: number }
  /** Which records of a batch were refused, and why (KIP-467). */
  readonly recordErrors?: readonly { readonly index: number; readonly message: string | null }[]
}

let stackTraceLimit = Error.stackTraceLimit

/** To capture a stack costs several times what a refusal does otherwise, and a request may name 100,000 things that there are not. */
function withoutStack(message: string): string {
  stackTraceLimit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  return message
}

/**
 * A refusal in Kafka's terms: the one way to refuse a request, or an element of one. `message` is what the client is
 * told where the response has a place for it.
 */
export class KafkaError extends Error {
  readonly code: ErrorName
  readonly details: KafkaErrorDetails

  constructor(code: ErrorName, message?: string, details: KafkaErrorDetails = {}) {
    super(withoutStack(message ?? errors[code].message))
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'KafkaError'
    this.code = code
    this.details = details
  }

  get errorCode(): number {
    return errors[this.code].code
  }

  get retriable(): boolean {
    return errors[this.code].retriable
  }
}
