import { type Endpoint, formatEndpoint, isWildcardHost, type Listener, parseEndpoint, parseProtocolMap } from './listeners.ts'

/** The settings about listeners, as they stand. */
export interface ListenerSettings {
  readonly listeners: readonly string[]
  readonly advertisedListeners: readonly string[] | null
  readonly protocolMap: string
  readonly controllerListenerNames: readonly string[]
  readonly interBrokerListenerName: string | null
}

/** What a broker opens, and what it tells its clients. */
export interface ResolvedListeners {
  readonly listeners: readonly Listener[]
  /** By listener name. A name that is missing here is told the local address of its connection; so is an empty host. */
  readonly advertised: ReadonlyMap<string, Endpoint>
  readonly problems: readonly string[]
}

/** The listeners of a broker: those of controllers are neither opened nor advertised. */
export function resolveListeners(settings: ListenerSettings): ResolvedListeners {
  const problems: string[] = []
  const controllers = new Set(settings.controllerListenerNames.map((name) => name.toUpperCase()))
  const endpoints = parseEndpoints('listeners', settings.listeners, problems)
  const own = endpoints.filter(({ name }) => !controllers.has(name))
  const map = parseProtocolMap(settings.protocolMap)
  problems.push(...map.problems)
  const listeners: Listener[] = []
  for (const endpoint of own) {
    const protocol = map.protocols.get(endpoint.name)
    if (protocol === undefined) {
      problems.push(
        `listener.security.protocol.map names no protocol for the listener ${endpoint.name}: add ${endpoint.name}:PLAINTEXT.`,
      )
    } else if (protocol !== 'PLAINTEXT') {
      const instead = `give it PLAINTEXT in listener.security.protocol.map, or remove it from listeners`
      problems.push(`The listener ${endpoint.name} asks for ${protocol}, which is not built yet: ${instead}.`)
    } else listeners.push({ ...endpoint, protocol })
  }
  if (own.length === 0 && endpoints.length > 0) {
    problems.push('All of listeners stand in controller.listener.names: add one for clients, such as PLAINTEXT://localhost:9092.')
  }
  problems.push(...clashes(own))
  const advertised = resolveAdvertised(settings, own, controllers, problems)
  const between = settings.interBrokerListenerName?.toUpperCase()
  if (between !== undefined && !own.some(({ name }) => name === between)) {
    problems.push(`inter.broker.listener.name is ${between}, which is none of the listeners ${namesOf(own)}.`)
  }
  return { listeners, advertised, problems }
}

function parseEndpoints(setting: string, texts: readonly string[], problems: string[]): Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const text of texts) {
    const endpoint = parseEndpoint(text)
    if (endpoint === null) problems.push(`${setting}: ${text} is no address of the form NAME://host:port.`)
    else endpoints.push(endpoint)
  }
  return endpoints
}

const namesOf = (endpoints: readonly Endpoint[]): string => endpoints.map(({ name }) => name).join(', ')

function clashes(endpoints: readonly Endpoint[]): string[] {
  const problems: string[] = []
  endpoints.forEach((one, index) => {
    for (const other of endpoints.slice(0, index)) {
      if (one.name === other.name) {
        problems.push(`listeners: ${formatEndpoint(other)} and ${formatEndpoint(one)} have the same name; each needs its own.`)
      } else if (one.port === other.port && one.port !== 0 && shareAnAddress(one.host, other.host)) {
        problems.push(`listeners: ${formatEndpoint(other)} and ${formatEndpoint(one)} have the same port; each needs its own.`)
      }
    }
  })
  return problems
}

/** One IPv4 and one IPv6 address may have the same port, as in Kafka. */
function shareAnAddress(one: string, other: string): boolean {
  if (one === other || isWildcardHost(one) || isWildcardHost(other)) return true
  return [one, other].includes('localhost') && [one, other].some((host) => host === '127.0.0.1' || host === '::1')
}

function resolveAdvertised(
  settings: ListenerSettings,
  own: readonly Endpoint[],
  controllers: ReadonlySet<string>,
  problems: string[],
): Map<string, Endpoint> {
  const advertised = new Map<string, Endpoint>()
  for (const endpoint of parseEndpoints('advertised.listeners', settings.advertisedListeners ?? [], problems)) {
    const shown = formatEndpoint(endpoint)
    if (controllers.has(endpoint.name)) continue
    if (!own.some(({ name }) => name === endpoint.name)) {
      problems.push(`advertised.listeners: ${shown} has no listener of its name; there are ${namesOf(own)}.`)
    } else if (endpoint.host !== '' && isWildcardHost(endpoint.host)) {
      problems.push(
        `advertised.listeners: ${shown} is no address that a client can reach: write the name or address of this machine.`,
      )
    } else if (advertised.has(endpoint.name)) {
      problems.push(`advertised.listeners names ${endpoint.name} twice.`)
    } else advertised.set(endpoint.name, endpoint)
  }
  return advertised
}
