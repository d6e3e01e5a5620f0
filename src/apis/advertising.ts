import type { ClusterNode } from '../cluster/cluster.ts'
import type { ConnectionFacts } from './connection-facts.ts'

export interface AdvertisingOptions {
  /** The node that this process serves. */
  readonly node: ClusterNode
  /** The names of listeners whose address `advertised.listeners` says; clients of the others are told where they came in. */
  readonly advertised: ReadonlySet<string>
  /** Set in a container: peers that come from there reach us by a port that the host maps. */
  readonly defaultGateway: string | null
}

export interface AdvertisedEndpoint {
  readonly host: string
  readonly port: number
}

/** Which address a client is told for a node: one that it can reach, on the listener by which it came. */
export class Advertising {
  readonly #options: AdvertisingOptions

  constructor(options: AdvertisingOptions) {
    this.#options = options
  }

  /** Undefined if the node has no listener of that name. */
  endpointOf(node: ClusterNode, connection: ConnectionFacts): AdvertisedEndpoint | undefined {
    const { node: self, advertised, defaultGateway } = this.#options
    if (node.id !== self.id || advertised.has(connection.listener))
      return node.endpoints.find(({ name }) => name === connection.listener)
    const viaGateway = defaultGateway !== null && connection.remoteAddress === defaultGateway
    return { host: viaGateway ? 'localhost' : connection.localAddress, port: connection.localPort }
  }
}
