import { expect, test } from '@jest/globals'
import { parseOpenLoop } from './open-loop.ts'

test('the driver of franz-go answers with latencies, or with what went wrong', () => {
  const latencies = { average: 1.5, p50: 1, p99: 7, p999: 9, max: 10 }
  const result = { late: latencies, acknowledged: latencies, read: latencies }
  expect(parseOpenLoop(`${JSON.stringify({ result })}\n`)).toEqual(result)
  expect(() => parseOpenLoop('{"error":"17 records were not read"}\n')).toThrow('17 records were not read')
})
