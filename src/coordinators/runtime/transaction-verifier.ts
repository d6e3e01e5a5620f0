import { type ErrorName, errorCode, errorName } from '../../../protocol/errors.ts'
import type { ClusterNode } from '../../cluster/cluster.ts'
import type { Environment } from '../../environment/environment.ts'
import type { Producer } from '../machine.ts'
import type { AddPartitionsAnswer, TransactionPartition, TransactionRequest } from '../transaction/transaction-request.ts'
import type { Coordinator, CoordinatorCaller } from './coordinator.ts'

/**
 * What a producer's request means for its transaction (KIP-890), by its version.
 *
 * - verify-old: the partition must be in the transaction; the client does not know TRANSACTION_ABORTABLE
 * - verify: it knows it
 * - add: the partition is added (transaction version 2)
 */
export type TransactionSupport = 'verify-old' | 'verify' | 'add'

export const supportOfProduce = (version: number): TransactionSupport =>
  version > 11 ? 'add' : version > 10 ? 'verify' : 'verify-old'

export const supportOfTxnOffsetCommit = (version: number): TransactionSupport =>
  version > 4 ? 'add' : version > 3 ? 'verify' : 'verify-old'

export interface FirstWrites {
  readonly transactionalId: string
  readonly producer: Producer
  readonly partitions: readonly TransactionPartition[]
  readonly support: TransactionSupport
}

export interface TransactionVerifierOptions {
  readonly transactions: Coordinator<TransactionRequest> & {
    /** Settled when the end of the transaction that is under way is written; undefined: none is. */
    whenEnded(transactionalId: string): Promise<void> | undefined
  }
  readonly node: Pick<ClusterNode, 'config'>
  readonly environment: Environment
}

/**
 * Before the first write of a producer to a partition its leader asks the transaction's coordinator: else a write that was
 * late would open a transaction which nobody ends, and hold readers up for ever (KIP-890).
 */
export class TransactionVerifier {
  readonly #options: TransactionVerifierOptions

  constructor(options: TransactionVerifierOptions) {
    this.#options = options
  }

  /** What is to be added is asked for always: nobody else adds it. */
  isNeeded(support: TransactionSupport): boolean {
    return support === 'add' || this.#options.node.config.get('transaction.partition.verification.enable')
  }

  /** Why each of the partitions must not be written to; null: it may. */
  async ask(writes: FirstWrites, caller: CoordinatorCaller): Promise<readonly (ErrorName | null)[]> {
    const { transactionalId, producer, partitions, support } = writes
    const request = {
      transactionalId,
      producer,
      partitions,
      verifyOnly: support !== 'add',
      transactionVersion: support === 'add' ? 2 : 0,
    } as const
    const answer = await this.#options.transactions.request(transactionalId, { api: 'AddPartitions', request }, caller)
    const refusal = refusalOf(answer)
    if (refusal !== null) return partitions.map(() => refusal)
    const missing = new Set(answer.missing.map(nameOf))
    return partitions.map((partition) => (missing.has(nameOf(partition)) ? missingCode(support) : null))
  }

  /**
   * As `ask`, but waits a little for the transaction before to end: its markers are under way when the next one begins, and
   * the batches of a Produce are dear to send again. `again` begins anew each time, since what was begun ends with a marker;
   * null: nothing is left to ask.
   */
  async askPatiently<Writes extends FirstWrites>(
    first: Writes,
    again: () => Writes | null,
    caller: CoordinatorCaller,
  ): Promise<Asked<Writes> | null> {
    const { node, environment } = this.#options
    const untilMs = environment.real.nowMs() + node.config.get('add.partitions.to.txn.retry.backoff.max.ms')
    for (let writes: Writes | null = first; writes !== null; writes = again()) {
      const refusals = await this.ask(writes, caller)
      const isConcurrent = writes.support === 'add' && refusals.includes('CONCURRENT_TRANSACTIONS')
      if (!isConcurrent || environment.real.nowMs() >= untilMs) return { writes, refusals }
      await this.#mayHaveEnded(writes.transactionalId)
    }
    return null
  }

  /** Kafka looks again after its backoff; here the end itself lets the next transaction go on. */
  #mayHaveEnded(transactionalId: string): Promise<void> {
    const { transactions, node, environment } = this.#options
    return new Promise((resolve) => {
      const timer = environment.real.after(node.config.get('add.partitions.to.txn.retry.backoff.ms'), resolve)
      transactions.whenEnded(transactionalId)?.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}

/** What was asked for last, and why each of its partitions must not be written to. */
interface Asked<Writes> {
  readonly writes: Writes
  readonly refusals: readonly (ErrorName | null)[]
}

const nameOf = ({ topic, partition }: TransactionPartition): string => `${topic}-${partition}`

const missingCode = (support: TransactionSupport): ErrorName =>
  support === 'verify-old' ? 'INVALID_TXN_STATE' : 'TRANSACTION_ABORTABLE'

function refusalOf({ errorCode: code }: AddPartitionsAnswer): ErrorName | null {
  if (code === 0) return null
  // Producers expect this one where they write.
  return code === errorCode('PRODUCER_FENCED') ? 'INVALID_PRODUCER_EPOCH' : (errorName(code) ?? 'UNKNOWN_SERVER_ERROR')
}
