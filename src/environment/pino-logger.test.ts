import { Writable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { pinoLogger } from './pino-logger.ts'

function collected() {
  const texts: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      texts.push(String(chunk))
      done()
    },
  })
  return { texts, destination }
}

test('elsewhere than on a terminal a line is JSON, big offsets included', async () => {
  const { texts, destination } = collected()
  const logger = await pinoLogger({ level: 'info', destination })
  logger.child({ topic: 'orders' }).info({ offset: 9007199254740993n }, 'Cut a torn tail.')
  logger.debug({}, 'not asked for')
  expect(texts).toHaveLength(1)
  expect(texts[0]).toContain('"offset":9007199254740993')
  expect(JSON.parse(texts[0]!)).toMatchObject({ level: 30, topic: 'orders', msg: 'Cut a torn tail.' })
})

test('on a terminal a line is for people', async () => {
  const { texts, destination } = collected()
  const logger = await pinoLogger({ level: 'info', destination, pretty: true })
  logger.warn({ topic: 'orders' }, 'Something is odd.')
  expect(texts.join('')).toMatch(/WARN.*: Something is odd\.\n {4}topic: "orders"/)
})
