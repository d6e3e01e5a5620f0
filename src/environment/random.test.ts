import { expect, test } from '@jest/globals'
import { seededRandom, systemRandom } from './random.ts'

test('one seed gives the same bytes and uuids again, another seed others', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return [random.bytes(9).toString('hex'), random.uuid(), random.uuid()]
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('a uuid has 22 characters of base64url, is version 4 and never begins with a dash', () => {
  for (const random of [systemRandom(), seededRandom(1)]) {
    for (let count = 0; count < 500; count++) {
      const text = random.uuid()
      expect(text).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/)
      expect(Buffer.from(text, 'base64url')[6]! >> 4).toBe(4)
    }
  }
})
