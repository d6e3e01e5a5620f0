import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from '../broker-process.ts'
import { cacheFolder } from '../folders.ts'

const libraries = join(cacheFolder, 'kafka-reference', 'lib')
const run = promisify(execFile)

const tools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
}

describe('Kafka’s console tools', () => {
  let broker: BrokerProcess
  beforeAll(async () => {
    broker = await BrokerProcess.start()
  })
  afterAll(() => broker?.stop())

  async function tool(name: keyof typeof tools, parameters: string, input = ''): Promise<string> {
    const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libraries, '*'), tools[name]]
    const words = ['--bootstrap-server', broker.address, ...parameters.split(' ')]
    const running = run('java', [...java, ...words], { timeout: 60_000 })
    running.child.stdin!.end(input)
    return (await running).stdout
  }

  test('are installed', () => {
    if (!existsSync(libraries)) throw new Error(`not run: ${libraries} is missing; compat-tests/setup.sh installs it`)
  })

  test('make, list, describe, alter and delete a topic', async () => {
    expect(await tool('kafka-topics', '--create --topic tools --partitions 3 --config retention.ms=60000')).toContain(
      'Created topic tools.',
    )
    expect((await tool('kafka-topics', '--list')).split('\n')).toContain('tools')
    expect(await tool('kafka-topics', '--describe --topic tools')).toMatch(
      /PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=60000/,
    )
    await tool('kafka-configs', '--alter --entity-type topics --entity-name tools --add-config max.message.bytes=2000000')
    const described = await tool('kafka-configs', '--describe --entity-type topics --entity-name tools')
    expect(described).toContain('max.message.bytes=2000000')
    expect(described).toContain('retention.ms=60000')
    await tool('kafka-topics', '--alter --topic tools --partitions 5')
    expect(await tool('kafka-topics', '--describe --topic tools')).toContain('PartitionCount: 5')
    await tool('kafka-topics', '--delete --topic tools')
    expect((await tool('kafka-topics', '--list')).split('\n')).not.toContain('tools')
  })

  test('produce and consume lines with keys and headers, and tell the end offsets', async () => {
    const lines = ['h1:a,h2:b\tkey-1\tfirst', 'h1:c\tkey-2\tsecond', 'h1:d\tkey-1\tthird']
    await tool('kafka-topics', '--create --topic lines --partitions 1')
    const properties = '--reader-property parse.key=true --reader-property parse.headers=true'
    await tool('kafka-console-producer', `--topic lines --compression-codec zstd ${properties}`, `${lines.join('\n')}\n`)
    expect(await tool('kafka-get-offsets', '--topic lines')).toBe('lines:0:3\n')
    const printed = '--formatter-property print.key=true --formatter-property print.headers=true'
    const first = await tool(
      'kafka-console-consumer',
      `--topic lines --group console --from-beginning --max-messages 2 ${printed}`,
    )
    expect(first.trim().split('\n')).toEqual(lines.slice(0, 2))
    // The group has committed when the consumer closed.
    const rest = await tool('kafka-console-consumer', `--topic lines --group console --max-messages 1 ${printed}`)
    expect(rest.trim().split('\n')).toEqual(lines.slice(2))
  })

  test('list, describe, reset and delete groups and their offsets', async () => {
    await tool('kafka-topics', '--create --topic grouped --partitions 2')
    await tool('kafka-console-producer', '--topic grouped', 'first\nsecond\n')
    await tool('kafka-console-consumer', '--topic grouped --group readers --from-beginning --max-messages 2')
    const rows = async (parameters: string) =>
      (await tool('kafka-consumer-groups', parameters))
        .split('\n')
        .filter((line) => line.startsWith('readers'))
        .map((line) => line.trim().split(/\s+/))
    expect(await rows('--list --state --type')).toEqual([['readers', 'Classic', 'Empty']])
    const lags = (await rows('--describe --group readers --offsets')).map((row) => row[5])
    expect(lags).toEqual(['0', '0'])
    expect((await rows('--describe --group readers --state')).map((row) => row.at(-2))).toEqual(['Empty'])
    const reset = await rows('--reset-offsets --group readers --topic grouped --to-earliest --execute')
    expect(reset.map((row) => row.at(-1))).toEqual(['0', '0'])
    expect(await tool('kafka-consumer-groups', '--delete-offsets --group readers --topic grouped:1')).toContain('Successful')
    expect((await rows('--describe --group readers --offsets')).map((row) => row[2])).toEqual(['0'])
    expect(await tool('kafka-consumer-groups', '--delete --group readers')).toContain('was successful')
    expect(await rows('--list')).toEqual([])
    // Nine starts of Java.
  }, 120_000)
})
