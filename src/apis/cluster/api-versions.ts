import { KafkaError } from '../../../protocol/errors.ts'
import type { apiVersions } from '../../../protocol/messages/api-versions.ts'
import type { RequestOf, ResponseOf } from '../../../protocol/schema/api.ts'
import type { RequestContext } from '../context.ts'

/*
 * ApiVersions. 3: flexible, software name and version (KIP-511), features (KIP-584) · 4: features that begin at 0 · 5: cluster and node (KIP-1242)
 *
 * A version that is not known here never reaches this handler: dispatch answers it with version 0.
 */

type Request = RequestOf<typeof apiVersions>
type Response = ResponseOf<typeof apiVersions>

/** What a client may call itself, so that it can stand in logs and metrics. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** The features that clients may count on; a directory may hold levels of others. */
const servedFeatures: ReadonlySet<string> = new Set([
  'metadata.version',
  'kraft.version',
  'eligible.leader.replicas.version',
  'transaction.version',
  'group.version',
])

export function handleApiVersions(request: Request, context: RequestContext): Response {
  const { services, version } = context
  if (version >= 3 && !(SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion))) {
    throw new KafkaError('INVALID_REQUEST')
  }
  if (meansAnother(request, context)) throw new KafkaError('REBOOTSTRAP_REQUIRED')
  const { image } = services.cluster
  const supported = (image.brokers.get(services.node.id)?.features ?? []).filter(({ name }) => servedFeatures.has(name))
  return {
    errorCode: 0,
    apiKeys: services.table.rows.map(({ api, listed }) => ({ apiKey: api.key, minVersion: listed.min, maxVersion: listed.max })),
    // Clients before version 4 fail to read a feature whose lowest level is 0 (KAFKA-17492).
    supportedFeatures: supported
      .filter(({ minSupportedVersion }) => version >= 4 || minSupportedVersion > 0)
      .map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
        name,
        minVersion: minSupportedVersion,
        maxVersion: maxSupportedVersion,
      })),
    finalizedFeaturesEpoch: image.endOffset - 1n,
    finalizedFeatures: [...image.features]
      .filter(([name]) => servedFeatures.has(name))
      .map(([name, level]) => ({ name, minVersionLevel: level, maxVersionLevel: level })),
  }
}

/** A client that reached the wrong cluster or node by an old address starts over from its bootstrap servers. */
function meansAnother(request: Request, { services, version }: RequestContext): boolean {
  if (version < 5) return false
  return (
    (request.clusterId !== null && request.clusterId !== services.cluster.id) ||
    (request.nodeId !== -1 && request.nodeId !== services.node.id)
  )
}
