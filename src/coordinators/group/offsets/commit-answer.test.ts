import { expect, test } from '@jest/globals'
import { errorCode } from '../../../../protocol/errors.ts'
import type { CoordinatorRecord } from '../../machine.ts'
import type { GroupInput } from '../group-request.ts'
import type { GroupImage } from '../group-settings.ts'
import { testSettings } from '../test-groups.ts'
import { Turn } from '../turn.ts'
import { answerCommit } from './commit-answer.ts'

test('a commit that no batch can hold is refused before all of it is written down', () => {
  const turn = new Turn(0, { uuid: () => '' }, { ...testSettings, batchBytesMax: 10_000 }, {} as GroupImage, null as never)
  const partitions = Array.from({ length: 1000 }, (_, partitionIndex) => ({ partitionIndex, committedMetadata: null }))
  const topics = [{ name: 'orders', topicId: '', partitions }]
  let written = 0
  const recordOf = (): CoordinatorRecord => {
    written += 1
    return { key: Buffer.alloc(50), value: Buffer.alloc(50), producer: null }
  }
  answerCommit({ id: 1 } as GroupInput, { topics }, turn, recordOf)
  const { records, replies } = turn.decision()
  expect(records).toEqual([])
  const refused = partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode('UNKNOWN_SERVER_ERROR') }))
  expect(replies).toEqual([{ id: 1, response: { topics: [{ name: 'orders', topicId: '', partitions: refused }] } }])
  expect(written).toBeLessThan(200)
})
