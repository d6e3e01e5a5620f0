import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { testsFolder } from '../folders.ts'
import { runProgram, runToSuccess } from '../run-program.ts'
import { waitUntil } from '../wait-until.ts'

const image = 'grete-under-test'
const container = 'grete-under-test'
const engine = (...words: string[]): Promise<string> =>
  runToSuccess(join(testsFolder, 'image', 'engine.sh'), words, { limitMs: 500_000 })
const kcat = (...words: string[]) => runProgram('timeout', ['20', 'kcat', ...words])

/** Starts a container, and is done when its broker serves. */
async function start(...words: string[]): Promise<void> {
  await engine('run', '-d', '--name', container, ...words, image)
  await waitUntil(
    async () => (await logs()).find((line) => line.startsWith('Stop it with')),
    () => 'the broker in the container serves',
    30_000,
  )
}

const logs = async (): Promise<readonly string[]> => {
  const { output, errors } = await runProgram(join(testsFolder, 'image', 'engine.sh'), ['logs', container])
  const lines = `${output}${errors}`.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
}

/** From now on a client reaches the container by its mapped port alone, as from a machine that runs containers in a virtual one. */
async function hideAddress(): Promise<{ readonly address: string; [Symbol.asyncDispose](): Promise<void> }> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  const address = (await engine('inspect', '-f', format, container)).trim()
  const rule = ['OUTPUT', '-d', address, '-m', 'conntrack', '!', '--ctstate', 'DNAT', '-j', 'REJECT']
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo']
  const iptables = (change: string) => {
    const [program = '', ...words] = [...asRoot, 'iptables', change, ...rule]
    return runToSuccess(program, words)
  }
  await iptables('-I')
  return { address, [Symbol.asyncDispose]: async () => void (await iptables('-D')) }
}

describe('the container image', () => {
  beforeAll(async () => {
    const registry = (await runToSuccess('npm', ['config', 'get', 'registry'])).trim()
    await engine('build', '--network', 'host', '--build-arg', `NPM_CONFIG_REGISTRY=${registry}`, '-t', image, '.')
    await runProgram(join(testsFolder, 'image', 'engine.sh'), ['rm', '-f', container])
  }, 500_000)
  afterEach(async () => {
    await engine('rm', '-f', container)
  })
  afterAll(async () => {
    await engine('rmi', image)
  })

  test('serves through a mapped port where nothing is set, to clients that cannot reach its own address, and stops cleanly', async () => {
    await start('-p', '9092:9092')
    {
      await using hidden = await hideAddress()
      expect((await kcat('-L', '-m', '2', '-b', `${hidden.address}:9092`)).code).not.toBe(0)
      expect((await kcat('-L', '-b', '127.0.0.1:9092')).output).toContain('broker 1 at localhost:9092')
      const file = join(testsFolder, 'clients.json')
      expect((await kcat('-P', '-b', '127.0.0.1:9092', '-t', 'orders', '-K', '~', '-l', file)).code).toBe(0)
      const { output } = await kcat('-C', '-e', '-q', '-b', '127.0.0.1:9092', '-t', 'orders')
      expect(output).toContain('"clients": [')
    }
    await engine('stop', '-t', '10', container)
    expect((await engine('inspect', '-f', '{{.State.ExitCode}}', container)).trim()).toBe('0')
    expect((await logs()).slice(-2)).toEqual(['Stopping after SIGTERM. A second one ends it at once.', 'Stopped.'])
  })

  test('serves through another port where KAFKA_ADVERTISED_LISTENERS says it', async () => {
    await start('-p', '19092:9092', '-e', 'KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:19092')
    expect(await logs()).toContain('Listener PLAINTEXT listens on 0.0.0.0:9092. Clients are told localhost:19092.')
    await using hidden = await hideAddress()
    expect((await kcat('-L', '-m', '2', '-b', `${hidden.address}:9092`)).code).not.toBe(0)
    expect((await kcat('-L', '-b', '127.0.0.1:19092')).output).toContain('broker 1 at localhost:19092')
    const file = join(testsFolder, 'clients.json')
    expect((await kcat('-P', '-b', '127.0.0.1:19092', '-t', 'orders', '-K', '~', '-l', file)).code).toBe(0)
    expect((await kcat('-C', '-e', '-q', '-b', '127.0.0.1:19092', '-t', 'orders')).output).toContain('"clients": [')
  })

  test('runs as nobody special, and its own layers are small', async () => {
    expect((await engine('run', '--rm', '--entrypoint', 'id', image, '-u')).trim()).toBe('1000')
    const bytes = Number((await engine('run', '--rm', '--entrypoint', 'du', image, '-sb', '/opt/grete')).split('\t')[0])
    expect(bytes).toBeLessThan(10 * 1024 * 1024)
  })
})
