import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * What the broker speaks: the first request of nearly every client.
 *
 * A version that the broker does not know is answered with version 0 and UNSUPPORTED_VERSION, and the response header is always
 * version 0, so that any client can read the answer (KIP-511).
 *
 * - 1: throttle time · 3: flexible, the client's software, features (KIP-511, KIP-584)
 * - 4: supported features may begin at 0 (KAFKA-17011)
 * - 5: the cluster and node that the client means to talk to (KIP-1242)
 */
export const apiVersions = defineApi({
  key: 18,
  name: 'ApiVersions',
  versions: '0-5',
  flexible: '3+',
  request: {
    clientSoftwareName: string.since(3),
    clientSoftwareVersion: string.since(3),
    clusterId: nullable(string).since(5),
    nodeId: int32.since(5).default(-1),
  },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: int32.since(1),
    supportedFeatures: array({ name: string, minVersion: int16, maxVersion: int16 }).since(3).tag(0),
    finalizedFeaturesEpoch: int64.since(3).default(-1n).tag(1),
    finalizedFeatures: array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }).since(3).tag(2),
    zkMigrationReady: bool.since(3).tag(3),
  },
})
