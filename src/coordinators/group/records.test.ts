import { expect, test } from '@jest/globals'
import { readVectors } from '../../../protocol/vectors/read-vectors.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { clientHostText } from './client-host.ts'
import { groupMetadata, groupTombstone, newGroupMetadata, offsetCommit, offsetTombstone, readRecord } from './records.ts'

interface RecordVector {
  readonly topic: string
  readonly name: string
  readonly key: { readonly record: string; readonly hex: string }
  readonly value: { readonly hex: string } | null
}

const vectors = readVectors<RecordVector>('coordinator-log').filter(
  ({ key }) => key.record === 'OffsetCommitKey' || key.record === 'GroupMetadataKey',
)

test('there are records of offsets and of classic groups', () => expect(vectors.length).toBeGreaterThan(5))

/** The same record, built anew from what was read of it. */
function rebuilt(vector: RecordVector) {
  const value = vector.value === null ? null : Buffer.from(vector.value.hex, 'hex')
  const said = readRecord({ key: Buffer.from(vector.key.hex, 'hex'), value, producer: null })
  if (said?.kind === 'offset') {
    const { groupId, topic, partition, committed } = said
    return committed === null ? offsetTombstone(groupId, topic, partition) : offsetCommit(groupId, topic, partition, committed)
  }
  if (said?.kind !== 'group') throw new Error('neither an offset nor a group')
  if (said.metadata === null) return groupTombstone(said.groupId)
  const group = new ClassicGroup(said.groupId, null)
  group.settle(said.metadata)
  const isNew = said.metadata.generation === 0 && said.metadata.members.length === 0
  return isNew ? newGroupMetadata(group) : groupMetadata(group, ({ assignment }) => assignment)
}

test.each(vectors.map((vector) => [vector.name, vector] as const))('%s is written as Kafka writes it', (_name, vector) => {
  const { key, value } = rebuilt(vector)
  expect(key.toString('hex')).toBe(vector.key.hex)
  expect(value?.toString('hex') ?? null).toBe(vector.value?.hex ?? null)
})

test.each([
  ['127.0.0.1', '/127.0.0.1'],
  ['::ffff:10.1.2.3', '/10.1.2.3'],
  ['::1', '/0:0:0:0:0:0:0:1'],
  ['::', '/0:0:0:0:0:0:0:0'],
  ['fe80::1:2', '/fe80:0:0:0:0:0:1:2'],
  ['2001:db8:0:1:1:1:1:1', '/2001:db8:0:1:1:1:1:1'],
])('the host %s is shown as Java prints it', (address, text) => expect(clientHostText(address)).toBe(text))
