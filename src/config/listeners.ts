export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

const protocols: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

/** `NAME://host:port`, the name in upper case; the host is empty where none is given, an IPv6 address has no brackets. */
export interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** A listener to open. */
export interface Listener extends Endpoint {
  readonly protocol: SecurityProtocol
}

/** Reads an element of `listeners` or `advertised.listeners`; null if it is none. */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^([^:/]+):\/\/(?:\[([0-9a-zA-Z\-%._:]*)\]|([0-9a-zA-Z\-%._:]*)):([0-9]{1,5})$/.exec(text.trim())
  const port = Number(match?.[4])
  return match === null || port > 65535 ? null : { name: match[1]!.toUpperCase(), host: match[2] ?? match[3] ?? '', port }
}

export function formatEndpoint({ name, host, port }: Endpoint): string {
  return `${name}://${formatAddress(host, port)}`
}

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Reads `listener.security.protocol.map`; an entry that makes no sense is a problem, in a sentence. */
export function parseProtocolMap(text: string): { protocols: Map<string, SecurityProtocol>; problems: string[] } {
  const map = new Map<string, SecurityProtocol>()
  const problems: string[] = []
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const end = entry.lastIndexOf(':')
    const protocol = entry
      .slice(end + 1)
      .trim()
      .toUpperCase()
    if (end <= 0) problems.push(`listener.security.protocol.map: ${entry} is not NAME:PROTOCOL.`)
    else if (!protocols.includes(protocol)) {
      problems.push(`listener.security.protocol.map: ${entry} names no security protocol; there are ${protocols.join(', ')}.`)
    } else map.set(entry.slice(0, end).trim().toUpperCase(), protocol as SecurityProtocol)
  }
  return { protocols: map, problems }
}

/** The addresses that a listener binds. */
export interface BindAddresses {
  /** Each must be bound; undefined is every address of the machine, IPv6 too where the system has it. */
  readonly required: readonly (string | undefined)[]
  /** Bound on the port of the first where the system has them. */
  readonly optional: readonly string[]
}

/** `localhost` is 127.0.0.1 and ::1: a client that resolves it may try either. A machine without ::1 is no error. */
export function bindAddresses({ host }: Endpoint): BindAddresses {
  if (host === '' || host === '*') return { required: [undefined], optional: [] }
  return host.toLowerCase() === 'localhost' ? { required: ['127.0.0.1'], optional: ['::1'] } : { required: [host], optional: [] }
}

/** Hosts that stand for every address: to be bound, never to be told to a client. */
export function isWildcardHost(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::' || host === '*'
}

/** What `listeners` becomes when the first of the broker's own listeners gets another host or port (`--host`, `--port`). */
export function moveFirstListener(
  listeners: readonly string[],
  controllerNames: readonly string[],
  to: { readonly host?: string; readonly port?: number },
): string {
  const isController = (name: string): boolean => controllerNames.some((one) => one.toUpperCase() === name)
  const endpoints = listeners.map((text) => ({ text, endpoint: parseEndpoint(text) }))
  const first = endpoints.find(({ endpoint }) => endpoint !== null && !isController(endpoint.name))
  if (!first?.endpoint) {
    const moved = formatEndpoint({ name: 'PLAINTEXT', host: to.host ?? 'localhost', port: to.port ?? 9092 })
    return [moved, ...listeners].join(',')
  }
  const moved = formatEndpoint({ ...first.endpoint, ...definedOf(to) })
  return endpoints.map((one) => (one === first ? moved : one.text)).join(',')
}

const definedOf = ({ host, port }: { readonly host?: string; readonly port?: number }): Partial<Endpoint> => ({
  ...(host === undefined ? {} : { host: host.replace(/^\[(.*)\]$/, '$1') }),
  ...(port === undefined ? {} : { port }),
})
