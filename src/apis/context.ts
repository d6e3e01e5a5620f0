import type { Cluster, ClusterNode } from '../cluster/cluster.ts'
import type { ProducerIdSource } from '../cluster/producer-ids.ts'
import type { GroupRequest } from '../coordinators/group/group-request.ts'
import type { Coordinator } from '../coordinators/runtime/coordinator.ts'
import type { GroupCoordinator } from '../coordinators/runtime/group-coordinator.ts'
import type { TransactionCoordinator } from '../coordinators/runtime/transaction-coordinator.ts'
import type { TransactionMarkers } from '../coordinators/runtime/transaction-markers.ts'
import type { TransactionVerifier } from '../coordinators/runtime/transaction-verifier.ts'
import type { TransactionRequest } from '../coordinators/transaction/transaction-request.ts'
import type { Environment } from '../environment/environment.ts'
import type { FetchService } from '../fetch/fetch-service.ts'
import type { Advertising } from './advertising.ts'
import type { ApiTable } from './api-table.ts'
import type { ConnectionFacts } from './connection-facts.ts'

/** What a handler is told about a request beyond its body. */
export interface RequestContext {
  readonly version: number
  readonly clientId: string
  /** The client's address without its port. */
  readonly clientHost: string
  /** `User:ANONYMOUS` on a listener without authentication. */
  readonly principal: string
  readonly connection: ConnectionFacts
  readonly services: Services
  /** Runs once, when the socket has taken the answer or the connection has ended. */
  afterResponse(run: () => void): void
}

/** Whoever coordinates groups: what is asked of one, and what administrators ask of several or of all. */
export type Groups = Coordinator<GroupRequest> & Pick<GroupCoordinator, 'list' | 'describe' | 'describeConsumerGroups' | 'delete'>

/** Whoever coordinates transactional ids: what is asked of one, and the list of all. */
export type Transactions = Coordinator<TransactionRequest> & Pick<TransactionCoordinator, 'list'>

/** Who owns what, for the handlers: put together in broker.ts. */
export interface Services {
  /** What the broker serves: ApiVersions tells it. */
  readonly table: ApiTable
  readonly cluster: Cluster
  /** The node that this process serves; its settings as they hold now are `node.config`. */
  readonly node: ClusterNode
  readonly groups: Groups
  readonly transactions: Transactions
  readonly transactionMarkers: Pick<TransactionMarkers, 'append'>
  readonly transactionVerifier: Pick<TransactionVerifier, 'isNeeded' | 'askPatiently'>
  readonly producerIds: ProducerIdSource
  readonly fetch: FetchService
  readonly advertising: Advertising
  /** Settled once the storage has room for more unwritten bytes; undefined: it has. */
  readonly whenWritable: () => undefined | Promise<void>
  /** The data directory ignores case: topics that differ by it alone would share a folder. */
  readonly ignoresCase: boolean
  readonly environment: Environment
}

/** A response; null: none, because none is wanted (acks=0); 'close': none, and the connection ends. */
export type Answer<Response> = Response | null | 'close'

/** Authorises, asks the owner of the state, builds the response. A KafkaError that it throws refuses the whole request. */
export type Handler<Request, Response> = (
  request: Request,
  context: RequestContext,
) => Answer<Response> | Promise<Answer<Response>>

/**
 * A handler behind which the connection's next request need not wait for the response. It runs to its first wait
 * within the call; the next request starts when `ordered` is settled, and at once if that is undefined.
 */
export type PipelinedHandler<Request, Response> = (request: Request, context: RequestContext) => Started<Response>

export interface Started<Response> {
  readonly ordered: undefined | Promise<void>
  readonly response: Answer<Response> | Promise<Answer<Response>>
}
