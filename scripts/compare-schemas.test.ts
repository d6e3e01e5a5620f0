import { describe, expect, test } from '@jest/globals'
import { int32, nullable, string } from '../protocol/schema/field.ts'
import { defineMessage } from '../protocol/schema/message.ts'
import type { AnyMessage } from '../protocol/vectors/load-schemas.ts'
import { compareSchemas } from './compare-schemas.ts'
import { parseDefinition } from './kafka-definition.ts'

const definition = (fields: string, versions = '1-2'): ReturnType<typeof parseDefinition> =>
  parseDefinition(`// The url in a comment, https://kafka.apache.org, is none of ours.
  { "apiKey": 7, "type": "request", "listeners": ["broker"], "name": "SampleRequest",
    "validVersions": "${versions}", "flexibleVersions": "2+", "fields": [${fields}] }`)

const group = '{ "name": "GroupId", "type": "string", "versions": "0+", "about": "Not a // comment." }'
const count = '{ "name": "Count", "type": "int32", "versions": "2+", "taggedVersions": "2+", "tag": 0, "default": "-1" }'

function differences(fields: string, message: AnyMessage, key = 7): string[] {
  const schemas = { apis: [], messages: new Map([[message.name, message]]), keys: new Map([[message.name, key]]) }
  return compareSchemas(schemas, new Map([['SampleRequest', { newer: definition(fields), older: definition(group, '0-1') }]]))
}

const sample = (versions: string, fields: Parameters<typeof defineMessage>[0]['fields']): AnyMessage =>
  defineMessage({ name: 'SampleRequest', versions, flexible: '2+', fields }) as unknown as AnyMessage

describe('the comparison with the definitions of Kafka', () => {
  const fields = { groupId: string, count: int32.since(2).tag(0).default(-1) }

  test('finds nothing where the versions of both releases are covered', () => {
    expect(differences(`${group}, ${count}`, sample('0-2', fields))).toEqual([])
  })

  test('finds keys, versions, types, nullability, tags, defaults, names and order that differ', () => {
    expect(differences(`${group}, ${count}`, sample('1-2', fields), 8)).toEqual([
      'SampleRequest: key 8 instead of 7',
      'SampleRequest: versions 1-2 instead of 0-2',
    ])
    expect(differences(`${group}, ${count}`, sample('0-2', { groupId: nullable(string), count: int32.since(2) }))).toEqual([
      'SampleRequest: groupId is string nullable, default null instead of string, default "" (versions 0, 1, 2)',
      'SampleRequest: count is int32, default 0 instead of int32 tag 0, default -1 (versions 2)',
    ])
    expect(differences(group, sample('0-2', fields))).toEqual(['SampleRequest: count is not in Kafka (versions 2)'])
    expect(differences(`${count}, ${group}`, sample('0-2', fields))).toEqual([
      'SampleRequest: the fields stand in another order (versions 2)',
    ])
  })

  test('finds requests without a schema', () => {
    const other = defineMessage({ name: 'OtherRequest', versions: '0', flexible: 'none', fields: {} }) as unknown as AnyMessage
    expect(differences(group, other)).toEqual(['OtherRequest: Kafka does not define it', 'SampleRequest: there is no schema'])
  })
})
