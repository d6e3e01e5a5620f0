import { defineApi } from '../schema/api.ts'
import { array, int16, int32, nullable, string, uuid } from '../schema/field.ts'

/** Removes a share group's offsets (KIP-932). */
export const deleteShareGroupOffsets = defineApi({
  key: 92,
  name: 'DeleteShareGroupOffsets',
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicName: string,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: nullable(string).default(null),
    }),
  },
})
