import { beforeAll, describe, expect, test } from '@jest/globals'
import { KafkaError } from '../errors.ts'
import type { AnyMessage } from '../vectors/load-schemas.ts'
import { loadSchemas, type Schemas } from '../vectors/load-schemas.ts'
import { readVectors } from '../vectors/read-vectors.ts'

interface MessageVector {
  readonly api: string
  readonly type: string
  readonly version: number
  readonly variant: string
  readonly hex: string
}

let schemas: Schemas
beforeAll(async () => {
  schemas = await loadSchemas()
})

/** All numbers under names that end in `errorCode`. */
function errorCodes(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodes)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    /^errorCode$|ErrorCode$/.test(name) && name !== 'topicConfigErrorCode' ? [inner as number] : errorCodes(inner),
  )
}

describe('a refused request', () => {
  const error = new KafkaError('COORDINATOR_LOAD_IN_PROGRESS')
  const requests = ['messages', 'messages-4.4', 'messages-3.9']
    .flatMap((file) => readVectors<MessageVector>(file))
    .filter(({ type, variant }) => type === 'request' && variant === 'filled')

  test('is answered with the error in every version of every API', () => {
    const silent: string[] = []
    for (const { request, response, refuse, versions } of schemas.apis) {
      for (const vector of requests.filter(({ api }) => `${api}Request` === request.name)) {
        if (vector.version > versions.max) continue
        const value = request.decode(Buffer.from(vector.hex, 'hex'), vector.version)
        const answer = (refuse as unknown as (value: unknown, error: KafkaError) => unknown)(value, error)
        const encoded = (response as AnyMessage).encode(answer, vector.version)
        const codes = errorCodes(response.decode(encoded, vector.version))
        if (!codes.includes(error.errorCode)) silent.push(`${vector.api} v${vector.version}`)
      }
    }
    // The answer of DescribeLogDirs got its error code late: before that, no directories is all that it can say.
    expect(silent.sort()).toEqual(['DescribeLogDirs v0', 'DescribeLogDirs v1', 'DescribeLogDirs v2'])
  })

  test('of Fetch names the partitions where topics have names', () => {
    const fetch = schemas.apis.find(({ key }) => key === 1)
    const vector = requests.find(({ api, version }) => api === 'Fetch' && version === 12)
    if (fetch === undefined || vector === undefined) throw new Error('no vector')
    const value = fetch.request.decode(Buffer.from(vector.hex, 'hex'), 12)
    const answer = (fetch.refuse as unknown as (value: unknown, error: KafkaError) => { responses: unknown[] })(value, error)
    expect(answer.responses).toHaveLength(2)
  })
})
