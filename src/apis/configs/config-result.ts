import type { ConfigChanged } from '../../cluster/config-changes.ts'
import { brokerLoggerRefusal } from './broker-logger.ts'
import { configResourceTypes } from './config-resource-types.ts'

/** What became of a resource, as AlterConfigs and IncrementalAlterConfigs say it. */
export function configResult({ resourceType, resourceName, error: refusal }: ConfigChanged) {
  // Loggers are no part of the metadata: the decision over it knows no such resource.
  const error = resourceType === configResourceTypes.brokerLogger ? brokerLoggerRefusal() : refusal
  return { resourceType, resourceName, errorCode: error?.errorCode ?? 0, errorMessage: error?.message ?? null }
}
