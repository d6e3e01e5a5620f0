import { defineApi } from '../schema/api.ts'
import { array, bool, int8, int16, int32, nullable, string } from '../schema/field.ts'

/**
 * The settings of topics, brokers and other resources (KIP-133).
 *
 * - 1: where a value comes from, synonyms (KIP-226) · 2: throttled after the answer (KIP-219)
 * - 3: types and documentation (KIP-569) · 4: flexible
 */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: '0-4',
  flexible: '4+',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)).default([]),
    }),
    includeSynonyms: bool.since(1),
    includeDocumentation: bool.since(3),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: nullable(string).default(''),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string).default(''),
        readOnly: bool,
        isDefault: bool.until(0),
        configSource: int8.since(1).default(-1),
        isSensitive: bool,
        synonyms: array({
          name: string,
          value: nullable(string).default(''),
          source: int8,
        }).since(1),
        configType: int8.since(3),
        documentation: nullable(string).since(3).default(''),
      }),
    }),
  },
  refuse: (request, error) => ({
    results: request.resources.map(({ resourceType, resourceName }) => ({
      resourceType,
      resourceName,
      errorCode: error.errorCode,
      errorMessage: error.message,
      configs: [],
    })),
  }),
})
