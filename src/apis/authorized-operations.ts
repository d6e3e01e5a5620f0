/** Kafka's numbers of the operations that a principal may do (`AclOperation`). */
const operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const

type Operation = keyof typeof operation

const bits = (...names: readonly Operation[]): number => names.reduce((field, name) => field | (1 << operation[name]), 0)

/** What may be done with a resource where nothing is forbidden, a bit for each operation (`AclEntry.supportedOperations`). */
export const authorizedOperations = {
  topic: bits('read', 'write', 'create', 'describe', 'delete', 'alter', 'describeConfigs', 'alterConfigs'),
  group: bits('read', 'describe', 'delete', 'describeConfigs', 'alterConfigs'),
  cluster: bits('create', 'clusterAction', 'describeConfigs', 'alterConfigs', 'idempotentWrite', 'alter', 'describe'),
} as const

/** What stands where the client did not ask. */
export const OPERATIONS_NOT_ASKED = -2147483648
