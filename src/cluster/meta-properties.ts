import { MetadataLogRefused } from './metadata-log-refused.ts'

export const META_PROPERTIES_FILE = 'meta.properties'

/** Whose data a directory holds. */
export interface MetaProperties {
  readonly clusterId: string
  readonly nodeId: number
  /** Null where an old Kafka has not given the directory an id. */
  readonly directoryId: string | null
}

/** `path`: the directory whose they are, for the reason of a refusal. */
export function decodeMetaProperties(bytes: Buffer, path: string): MetaProperties {
  const values = new Map<string, string>()
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line)
    // Java writes a colon or an equals sign in a value with a backslash before it.
    if (match !== null) values.set(match[1] as string, (match[2] as string).replaceAll(/\\(.)/g, '$1'))
  }
  const clusterId = values.get('cluster.id')
  const nodeId = Number(values.get('node.id') ?? Number.NaN)
  if (values.get('version') !== '1') {
    throw new MetadataLogRefused(`The file meta.properties in ${path} has version ${values.get('version') ?? 'none'}, not 1.`)
  }
  if (clusterId === undefined || !Number.isInteger(nodeId)) {
    throw new MetadataLogRefused(`The file meta.properties in ${path} lacks cluster.id or node.id.`)
  }
  return { clusterId, nodeId, directoryId: values.get('directory.id') ?? null }
}

export function encodeMetaProperties(properties: MetaProperties): Buffer {
  const lines = [`cluster.id=${properties.clusterId}`, 'version=1', `node.id=${properties.nodeId}`]
  if (properties.directoryId !== null) lines.push(`directory.id=${properties.directoryId}`)
  return Buffer.from(`${lines.join('\n')}\n`)
}
