import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from '../broker-process.ts'
import { cacheFolder } from '../folders.ts'
import { waitUntil } from '../wait-until.ts'

const libraries = join(cacheFolder, 'kafka-reference', 'lib')
const run = promisify(execFile)

const tools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
}
const keys = 100
const rounds = 10

let broker: BrokerProcess

beforeAll(async () => {
  if (!existsSync(libraries)) throw new Error(`not run: ${libraries} is missing; compat-tests/setup.sh installs it`)
  broker = await BrokerProcess.start({ properties: { 'log.cleaner.backoff.ms': '100' } })
})
afterAll(() => broker?.stop())

async function tool(name: keyof typeof tools, parameters: string, input = ''): Promise<string> {
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libraries, '*'), tools[name]]
  const running = run('java', [...java, '--bootstrap-server', broker.address, ...parameters.split(' ')], { timeout: 60_000 })
  running.child.stdin!.end(input)
  return (await running).stdout
}

const produce = (lines: readonly string[], codec: string): Promise<string> =>
  tool(
    'kafka-console-producer',
    `--topic compacted --compression-codec ${codec} --batch-size 1000 --reader-property parse.key=true --reader-property null.marker=NULL`,
    `${lines.join('\n')}\n`,
  )

/** Up to where the partition was compacted, by the file in which Kafka notes it. */
function cleanedEnd(): number {
  const file = join(broker.folder, 'data', 'cleaner-offset-checkpoint')
  const line = existsSync(file) ? readFileSync(file, 'utf8').match(/^compacted 0 (\d+)$/m) : null
  return Number(line?.[1] ?? 0)
}

describe('a compacted topic', () => {
  test('gives Java’s consumer the last value of each key, at its offset', async () => {
    const settings = { 'cleanup.policy': 'compact', 'segment.ms': 200, 'min.cleanable.dirty.ratio': 0.01 }
    const config = Object.entries(settings).map(([name, value]) => `--config ${name}=${value}`)
    await tool('kafka-topics', `--create --topic compacted --partitions 1 ${config.join(' ')}`)
    const lines = Array.from({ length: keys * rounds }, (_, index) => `key-${index % keys}\tvalue-${index}`)
    await produce(lines, 'lz4')
    // Each run of the tool takes longer than a segment may, so that the next one begins another.
    await produce(['key-7\tNULL', ...Array.from({ length: 10 }, (_, index) => `key-${10 + index}\tnew-${index}`)], 'gzip')
    await produce(['end\tis here'], 'none')
    const dirtyEnd = lines.length + 11
    await waitUntil(
      async () => cleanedEnd() >= dirtyEnd || undefined,
      () => `compaction reaches ${dirtyEnd}; it has come to ${cleanedEnd()}:\n${broker.output.slice(-2000)}`,
      20_000,
    )

    const expected = Array.from({ length: keys }, (_, index) => index)
      .filter((index) => index !== 7 && (index < 10 || index >= 20))
      .map((index) => `Offset:${900 + index}\tkey-${index}\tvalue-${900 + index}`)
    expected.push('Offset:1000\tkey-7\tnull')
    for (let index = 0; index < 10; index += 1) expected.push(`Offset:${1001 + index}\tkey-${10 + index}\tnew-${index}`)
    expected.push('Offset:1011\tend\tis here')
    const seen = await tool(
      'kafka-console-consumer',
      `--topic compacted --from-beginning --max-messages ${expected.length} --timeout-ms 10000 ` +
        '--formatter-property print.key=true --formatter-property print.offset=true',
    )
    expect(seen.trim().split('\n')).toEqual(expected)
  }, 60_000)
})
