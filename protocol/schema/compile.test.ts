import { describe, expect, test } from '@jest/globals'
import { apiVersions } from '../messages/api-versions.ts'
import { heartbeat } from '../messages/heartbeat.ts'
import { array, bytes, int32, nullable, records, string, struct } from './field.ts'
import { MalformedMessage } from './malformed-message.ts'
import { defineMessage } from './message.ts'
import { Reader, unknownTags } from './reader.ts'

describe('a compiled codec', () => {
  test('leaves out what its version lacks, and decodes it to the default', () => {
    const value = { groupId: 'g', generationId: 7, memberId: 'm', groupInstanceId: 'i' }
    expect(heartbeat.request.encode(value, 2).toString('hex')).toBe('0001670000000700016d')
    expect(heartbeat.request.decode(heartbeat.request.encode(value, 2), 2)).toEqual({ ...value, groupInstanceId: null })
    expect(heartbeat.request.decode(heartbeat.request.encode(value, 4), 4)).toEqual(value)
  })

  test('writes compact lengths and a tagged section in flexible versions', () => {
    const value = { groupId: 'g', generationId: 7, memberId: 'm' }
    expect(heartbeat.request.encode(value, 4).toString('hex')).toBe('026700000007026d0000')
  })

  test('writes tags only where they differ from their default, in order, with sizes above 127', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `feature${index}`, minVersion: 0, maxVersion: index }))
    const value = { errorCode: 0, apiKeys: [], throttleTimeMs: 0, supportedFeatures: many, finalizedFeaturesEpoch: 3n }
    const decoded = apiVersions.response.decode(apiVersions.response.encode(value, 3), 3)
    expect(decoded).toEqual({ ...value, finalizedFeatures: [], zkMigrationReady: false })
    expect(apiVersions.response.encode({ errorCode: 0, apiKeys: [] }, 3).toString('hex')).toBe('0000010000000000')
  })

  test('passes over unknown tags, and keeps them when asked to', () => {
    const hex = '026700000007026d0001640161'
    expect(heartbeat.request.decode(Buffer.from(hex, 'hex'), 4)).toMatchObject({ groupId: 'g' })
    const reader = new Reader(Buffer.from(hex, 'hex'), 0, hex.length / 2, { keepUnknownTags: true })
    const kept = heartbeat.request.decode(reader, 4)
    expect((kept as { [unknownTags]?: unknown })[unknownTags]).toEqual([{ tag: 100, bytes: Buffer.from('a') }])
    expect(heartbeat.request.encode(kept, 4).toString('hex')).toBe(hex)
  })

  test('refuses counts and lengths beyond the bytes that are left, and nulls where none may be', () => {
    const message = defineMessage({
      name: 'Sample',
      versions: '0-1',
      flexible: '1+',
      fields: { names: array(string), blob: bytes, batch: nullable(records), inner: nullable(struct({ a: int32 })) },
    })
    for (const hex of ['7fffffff', 'ffffffff', '0000000100ff', '0000000000000005', '00000000ffffffff', '']) {
      expect(() => message.decode(Buffer.from(hex, 'hex'), 0)).toThrow(MalformedMessage)
    }
    expect(() => message.decode(Buffer.from('ffffffff7f', 'hex'), 1)).toThrow(MalformedMessage)
    expect(message.decode(Buffer.from('0000000000000000ffffffffff', 'hex'), 0)).toMatchObject({ batch: null, inner: null })
  })
})
