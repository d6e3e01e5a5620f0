import { afterAll, beforeAll } from '@jest/globals'
import type { Api } from '../../protocol/schema/api.ts'
import { Broker, type BrokerOptions } from '../broker.ts'
import { ProtocolClient, type ProtocolClientOptions } from '../testing/protocol-client.ts'

/** A broker in memory for the tests of one file, and a client that is connected to it. */
export interface TestBroker {
  /** Asks by the shared connection. */
  ask<Q, QIn, S, SIn>(api: Api<Q, QIn, S, SIn>, version: number, request: QIn): Promise<S>
  /** A connection of its own. */
  connect(options?: ProtocolClientOptions): Promise<ProtocolClient>
  readonly port: number
}

export function testBroker(options: BrokerOptions = {}): TestBroker {
  let started: { broker: Broker; client: ProtocolClient; port: number } | null = null
  const running = () => {
    if (started === null) throw new Error('The broker of the tests is not started yet.')
    return started
  }
  beforeAll(async () => {
    const broker = await Broker.start({ host: '127.0.0.1', ...options })
    const port = Number(broker.bootstrapServers.split(':').at(-1))
    started = { broker, port, client: await ProtocolClient.connect(port) }
  })
  afterAll(async () => {
    await started?.client.close()
    await started?.broker.stop()
  })
  return {
    ask: (api, version, request) => running().client.request(api, version, request),
    connect: (clientOptions) => ProtocolClient.connect(running().port, clientOptions),
    get port() {
      return running().port
    },
  }
}

/** A topic as CreateTopics asks for it. */
export const newTopic = (name: string, asked: Partial<NewTopic> = {}): NewTopic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...asked,
})

interface NewTopic {
  readonly name: string
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[]
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}
