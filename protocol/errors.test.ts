import { describe, expect, test } from '@jest/globals'
import { errorCode, errorName, errors, KafkaError } from './errors.ts'

describe('the table of errors', () => {
  test('names every code once', () => {
    const codes = Object.values(errors).map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    for (const [name, { code }] of Object.entries(errors)) expect(errorName(code)).toBe(name)
    expect(errorName(32_000)).toBeUndefined()
    expect(errorCode('UNKNOWN_SERVER_ERROR')).toBe(-1)
  })

  test('a refusal has the code, whether it may be tried again, and the message of the table or a better one', () => {
    const refusal = new KafkaError('NOT_LEADER_OR_FOLLOWER', undefined, { leader: { id: 2, epoch: 7 } })
    expect(refusal).toMatchObject({ errorCode: 6, retriable: true, message: errors.NOT_LEADER_OR_FOLLOWER.message })
    expect(refusal.details.leader).toEqual({ id: 2, epoch: 7 })
    expect(new KafkaError('INVALID_CONFIG', 'why').message).toBe('why')
  })

  test('a refusal captures no stack, and other errors still do', () => {
    expect(new KafkaError('INVALID_REQUEST').stack).not.toContain('errors.test')
    expect(new Error('a fault').stack).toContain('errors.test')
  })
})
