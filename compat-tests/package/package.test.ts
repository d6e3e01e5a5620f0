import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { cacheFolder, projectFolder } from '../folders.ts'
import { runToSuccess } from '../run-program.ts'

const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }
const npm = ['--prefer-offline', '--no-audit', '--no-fund']

const typeCheck =
  '--strict --noEmit --skipLibCheck --module nodenext --target es2022 --lib es2023,esnext.disposable --types node'.split(' ')

/** A project that uses the package as it comes from the registry. */
let folder: string
let installMs: number

const write = (path: string, text: string): void => writeFileSync(join(folder, path), text)
const run = (program: string, ...words: string[]): Promise<string> => runToSuccess(program, words, { folder })

/** The same test as everybody writes it, in either kind of module. */
const body = `
  const broker = await Broker.start({ topics: { orders: 6 } })
  const admin = new Kafka({ brokers: [broker.bootstrapServers], logLevel: 0 }).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: ['orders'] })
  await admin.disconnect()
  await broker.stop()
`

describe('the package', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'grete-package-'))
    await runToSuccess('npm', ['pack', '--pack-destination', folder])
    write('package.json', '{ "private": true }')
    const began = performance.now()
    // Without install scripts: nothing is compiled, nothing fetched from elsewhere.
    await run('npm', 'install', '--ignore-scripts', ...npm, `./grete-${version}.tgz`)
    installMs = performance.now() - began
    const own = ['kafkajs', 'jest', 'typescript', '@types/node', '@jest/globals']
    const { devDependencies } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    await run('npm', 'install', '--ignore-scripts', ...npm, ...own.map((name) => `${name}@${devDependencies[name]}`))
  }, 170_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('has at most 1 MB', () => {
    expect(statSync(join(folder, `grete-${version}.tgz`)).size).toBeLessThan(1_000_000)
    console.log(
      `the package has ${statSync(join(folder, `grete-${version}.tgz`)).size} bytes, installed in ${Math.round(installMs)} ms`,
    )
  })

  test('depends on nothing that has an install script', () => {
    const lock = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean; dependencies?: Record<string, string> }>
    }
    const left = Object.keys(lock.packages['node_modules/grete']?.dependencies ?? {})
    const found: string[] = []
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const entry = lock.packages[`node_modules/${name}`]
      if (entry?.hasInstallScript === true) found.push(name)
      left.push(...Object.keys(entry?.dependencies ?? {}))
    }
    expect(found).toEqual([])
  })

  test('carries no tests and no maps', () => {
    const files = readdirSync(join(folder, 'node_modules', 'grete'), { recursive: true }) as string[]
    expect(files.filter((file) => /\.test\.|\.map$|test-|compat-tests|scripts/.test(file))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/grete.js', 'dist/third-party-licenses.txt']),
    )
  })

  test.each(['20', '22', '24', '26'])('is imported, required and started by Node %s', async (major) => {
    const node = join(cacheFolder, 'node', major, 'bin', 'node')
    write(
      'import.mjs',
      `import { Broker } from 'grete'\nimport kafkajs from 'kafkajs'\nconst { Kafka } = kafkajs\n${body}\nconsole.log(topics[0].partitions.length)`,
    )
    write(
      'require.cjs',
      `const { Broker, StartError } = require('grete')\nconst { Kafka } = require('kafkajs');\n(async () => {${body}\nconsole.log(topics[0].partitions.length, new StartError('x') instanceof Error)})()`,
    )
    expect(await run(node, 'import.mjs')).toBe('6\n')
    expect(await run(node, 'require.cjs')).toBe('6 true\n')
    expect(await run(node, 'node_modules/.bin/grete', '--version')).toBe(`${version}\n`)
  })

  test('does what its README shows', async () => {
    const [, snippet = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(projectFolder, 'README.md'), 'utf8')) ?? []
    write('readme.mts', snippet)
    await run(process.execPath, 'node_modules/typescript/bin/tsc', ...typeCheck, 'readme.mts')
    await run(join(cacheFolder, 'node', '24', 'bin', 'node'), 'readme.mts')
  })

  test('is run by npx', async () => {
    expect(await run('npx', '--no-install', 'grete', '--version')).toBe(`${version}\n`)
  })

  test('is required inside a test of Jest, which knows CommonJS alone', async () => {
    write('jest.config.js', 'module.exports = { testEnvironment: "node" }')
    write(
      'orders.test.js',
      `const { Broker } = require('grete')\nconst { Kafka } = require('kafkajs')\ntest('orders', async () => {${body}\nexpect(topics[0].partitions).toHaveLength(6)})`,
    )
    await run(process.execPath, 'node_modules/jest/bin/jest.js')
  })

  test.each(['ES module', 'CommonJS'])('has types for a consumer of kind %s', async (kind) => {
    const name = kind === 'CommonJS' ? 'consumer.cts' : 'consumer.mts'
    write(
      name,
      `import { Broker, type BrokerOptions, StartError } from 'grete'
export async function start(options: BrokerOptions): Promise<string> {
  await using broker: Broker = await Broker.start({ topics: { orders: 6 }, ...options })
  const servers: string = broker.bootstrapServers
  // @ts-expect-error There is no such option.
  await Broker.start({ prot: 1 }).catch((error: unknown) => error instanceof StartError)
  return servers
}
`,
    )
    await run(process.execPath, 'node_modules/typescript/bin/tsc', ...typeCheck, name)
  })
})
