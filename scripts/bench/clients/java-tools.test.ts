import { describe, expect, test } from '@jest/globals'
import { parseConsumerPerformance, parseProducerPerformance } from './java-tools.ts'

describe('what Kafka’s tools print', () => {
  test('the last line of the producer is that of all records', () => {
    const printed = `Reading payloads from: /lines.txt
120001 records sent, 24000.2 records/sec (22.89 MB/sec), 1290.5 ms avg latency, 1720.0 ms max latency.
300000 records sent, 103199.174407 records/sec (98.42 MB/sec), 166.02 ms avg latency, 345.00 ms max latency, 160 ms 50th, 296 ms 95th, 338 ms 99th, 344 ms 99.9th.
`
    expect(parseProducerPerformance(printed)).toEqual({ recordsPerSecond: 103199.174407 })
    expect(() => parseProducerPerformance('org.apache.kafka.common.errors.TimeoutException')).toThrow('did not print')
  })

  test('the consumer’s numbers stand under their names', () => {
    const printed = `start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-11-21 17:11:02:123, 2026-11-21 17:11:05:456, 286.1023, 85.8393, 300000, 90009.0009, 1012, 2321, 123.2668, 129254.6316
`
    expect(parseConsumerPerformance(printed)).toEqual({ fetchMs: 2321, records: 300_000 })
  })
})
