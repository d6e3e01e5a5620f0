import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { VERSION } from '../version.ts'
import { runCommand, TestCommand } from './test-command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grete-command-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the file of a new Apache Kafka node without ZooKeeper sets, with ports of the test. */
const stockProperties = (port: number, data: string): string => `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:${port},CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:${port},CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=${data}
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`

describe('grete start', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('says where it is, serves, and ends at %s with code 0', async (signal) => {
    await using command = new TestCommand(['start', '--memory', '--port', '0'])
    const port = await command.serves()
    expect(command.messages).toEqual([
      expect.stringMatching(
        /^Listener PLAINTEXT listens on 127\.0\.0\.1:\d+.*\. Clients are told the address by which they came\.$/,
      ),
      'Data is kept in memory and gone with the broker.',
      'Stop it with Ctrl-C or SIGTERM.',
    ])
    await connects(port)
    expect(await command.stop(signal)).toBe(0)
    expect(command.messages.slice(3)).toEqual([`Stopping after ${signal}. A second one ends it at once.`, 'Stopped.'])
    expect(command.errors).toBe('')
  })

  test('needs no word at all, and keeps its data in ./grete-data', async () => {
    await using command = new TestCommand(['--port', '0'], { folder })
    await command.serves()
    expect(command.messages).toContain('Data is kept in ./grete-data.')
    expect(await command.stop()).toBe(0)
    expect(readFileSync(join(folder, 'grete-data', 'meta.properties'), 'utf8')).toContain('node.id=1')
  })

  test("starts with Kafka's own settings file, and names in one line what has no meaning here", async () => {
    const file = join(folder, 'server.properties')
    writeFileSync(file, stockProperties(0, join(folder, 'kraft')))
    await using command = new TestCommand(['start', file, '--port', '0'])
    await command.serves()
    const meaningless =
      'controller.quorum.bootstrap.servers, num.io.threads, num.network.threads, num.recovery.threads.per.data.dir, ' +
      'socket.receive.buffer.bytes, socket.send.buffer.bytes'
    expect(command.messages[0]).toBe(`Accepted, and without meaning here: ${meaningless}.`)
    expect(command.messages).toContain(`Data is kept in ${join(folder, 'kraft')}.`)
    expect(await command.stop()).toBe(0)
  })

  test('a folder that another process holds is left alone, and that process named', async () => {
    const data = join(folder, 'held')
    await using holder = new TestCommand(['start', '--data-dir', data, '--port', '0'])
    await holder.serves()
    const { code, output, errors } = await runCommand(['start', '--data-dir', data, '--port', '0'])
    const name = process.platform === 'linux' ? `process ${holder.pid} \\(node.*\\)` : 'another process'
    expect(errors).toMatch(new RegExp(`^The data directory ${data} is in use by ${name}\\.\n$`))
    expect({ code, output }).toEqual({ code: 1, output: '' })
    expect(await holder.stop('SIGKILL')).toBe('SIGKILL')
    await using next = new TestCommand(['start', '--data-dir', data, '--port', '0'])
    await next.serves()
    expect(await next.stop()).toBe(0)
    const other = await runCommand(['start', '--data-dir', data, '--port', '0', '--node-id', '0'])
    expect(other).toMatchObject({
      code: 1,
      errors: `The data directory ${data} belongs to node 1, and this is node 0: set node.id to 1.\n`,
    })
  })

  test('a port in use is named', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
    })
    const { code, errors } = await runCommand(['start', '--memory', '--port', String(port)])
    taken.close()
    expect(errors).toMatch(new RegExp(`^Port ${port} is in use at 127\\.0\\.0\\.1:${port} .*--port\\.\n$`))
    expect(code).toBe(1)
  })

  test.each([
    [['--data-dir', '{file}'], /^The data directory \S+ cannot be used: .*\n$/],
    [['--host', '192.0.2.1'], /^192\.0\.2\.1:9092 \(listener PLAINTEXT\) is no address of this machine\.\n$/],
    [['--set', 'num.partition=4'], /^There is no setting num\.partition \(--set\): did you mean num\.partitions\?\n$/],
    [['--set', 'num.partitions=four'], /^Invalid value four for configuration num\.partitions: .*\(--set\)\n$/],
    [['--set', 'authorizer.class.name=org.apache'], /^authorizer\.class\.name is set, but .* not built yet.*\n$/],
    [['--set', 'listeners=SSL://:9093'], /^The listener SSL asks for SSL, which is not built yet.*\n$/],
    [['--set', 'log.dirs=/a,/b,/a/'], /^log\.dirs names \/a twice.*\n$/],
    [['--set', 'process.roles=controller'], /^process\.roles is controller.*\n$/],
    [['--topic', '..'], /^The topic \.\. cannot be created: .*\n$/],
    [['--prot', '9092'], /^There is no option --prot\. \(All options: grete --help\)\n$/],
  ])('%j stops the start with one sentence', async (words, sentence) => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const storage = words.includes('--data-dir') ? [] : ['--memory']
    const own = words.map((word) => word.replace('{file}', file))
    const { code, output, errors } = await runCommand(['start', ...storage, ...own])
    expect(errors).toMatch(sentence)
    expect({ code, output }).toEqual({ code: 1, output: '' })
  })

  test('an unknown setting is one warning, and an unknown variable none', async () => {
    const environment = { KAFKA_HEAP_OPTS: '-Xmx1g', KAFKA_PORT: 'tcp://10.0.0.1:9092', KAFKA_NUM_PARTITIONS: '4' }
    await using command = new TestCommand(['start', '--memory', '--port', '0', '--set', 'my.own.thing=1'], { environment })
    await command.serves()
    expect(command.messages[0]).toBe('There is no setting my.own.thing (--set); it is passed over.')
    expect(command.messages).toHaveLength(4)
    await command.stop()
  })

  test('--print-config shows what holds and from where, and starts nothing', async () => {
    const environment = { KAFKA_NUM_PARTITIONS: '4', KAFKA_SSL_KEY_PASSWORD: 'secret' }
    const { code, output } = await runCommand(['start', '--set', 'log.retention.hours=1', '--print-config'], { environment })
    expect(output).toMatch(/^log\.retention\.hours=1 +# --set$/m)
    expect(output).toMatch(/^num\.partitions=4 +# KAFKA_NUM_PARTITIONS$/m)
    expect(output).toMatch(/^log\.segment\.bytes=1073741824 +# default$/m)
    expect(output).not.toContain('secret')
    expect(code).toBe(0)
  })

  /** The environment of a command in which something goes wrong. */
  const faulty = (fault: string) => {
    const source = `import net from 'node:net'; import os from 'node:os'; ${fault}; import module from 'node:module'; module.syncBuiltinESMExports()`
    return { environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` } }
  }

  test('a second signal ends it at once', async () => {
    const stuck = faulty('net.Server.prototype.close = function () { return this }')
    await using command = new TestCommand(['start', '--memory', '--port', '0'], stuck)
    await command.serves()
    process.kill(command.pid, 'SIGTERM')
    await command.printed(/Stopping after SIGTERM\. A second one ends it at once\./)
    expect(await command.stop('SIGINT')).toBe(130)
  })

  test('a fault of its own is one line, and shows its stack to who asks for more', async () => {
    const fault = faulty("os.totalmem = () => { throw new Error('no memory at all') }")
    expect(await runCommand(['start', '--memory', '--port', '0'], fault)).toEqual({
      code: 70,
      output: '',
      errors: `An unexpected error ended grete ${VERSION}: no memory at all (--log-level debug shows where)\n`,
    })
    const { errors } = await runCommand(['start', '--memory', '--port', '0', '--log-level', 'debug'], fault)
    expect(errors).toMatch(/no memory at all\nError: no memory at all\n {4}at /)
  })

  test('help and version', async () => {
    expect(await runCommand(['--version'])).toEqual({ code: 0, output: `${VERSION}\n`, errors: '' })
    expect(await runCommand(['--help'])).toMatchObject({ code: 0, output: expect.stringContaining('Examples:'), errors: '' })
  })
})

async function connects(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve()).once('error', reject)
  })
  socket.destroy()
}
