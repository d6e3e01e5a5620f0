import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from './folders.ts'
import { findFreePort } from './free-port.ts'
import { answersApiVersions } from './probe.ts'
import { waitUntil } from './wait-until.ts'

export const defaultBrokerCommand = 'node dist/grete.js start'

export interface BrokerOptions {
  /** Shell words that start it; the path of its server.properties follows. Default: BROKER_CMD, else our own. */
  readonly command?: string
  /** Properties beside those that every test sets, or what makes them of these and of its folder; null takes one away. */
  readonly properties?: Properties | ((own: Readonly<Record<string, string>>, folder: string) => Properties)
}

type Properties = Readonly<Record<string, string | null>>

/** A broker in a process of its own, on a free port and a new folder; `stop` leaves neither behind. */
export class BrokerProcess implements AsyncDisposable {
  readonly port: number
  readonly folder: string
  /** What the next start runs: another one may be given between an end and a start. */
  command: string
  #child: ChildProcess | undefined

  private constructor(port: number, controllerPort: number, { command, properties = {} }: BrokerOptions) {
    this.port = port
    this.command = command ?? (process.env['BROKER_CMD'] || defaultBrokerCommand)
    this.folder = mkdtempSync(join(tmpdir(), 'compat-broker-'))
    const own = this.#ownProperties(controllerPort)
    const more = typeof properties === 'function' ? properties(own, this.folder) : properties
    const lines = Object.entries({ ...own, ...more })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}=${value}\n`)
    writeFileSync(this.#file, lines.join(''))
  }

  static async start(options: BrokerOptions = {}): Promise<BrokerProcess> {
    const broker = await BrokerProcess.prepare(options)
    await broker.start()
    return broker
  }

  /** Makes its folder and properties, and starts nothing. */
  static async prepare(options: BrokerOptions = {}): Promise<BrokerProcess> {
    return new BrokerProcess(await findFreePort(), await findFreePort(), options)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** What it printed so far. */
  get output(): string {
    return readFileSync(this.#outputFile, 'utf8')
  }

  /** Starts it, and is done when it answers. */
  async start(limitMs = 60_000): Promise<void> {
    const child = this.spawn()
    await waitUntil(
      async () => {
        if (child.exitCode !== null) throw new Error(`the broker ended with ${child.exitCode}:\n${this.output.slice(-4000)}`)
        return (await answersApiVersions('127.0.0.1', this.port)) || undefined
      },
      () => `the broker answers on port ${this.port}; it printed:\n${this.output.slice(-4000)}`,
      limitMs,
    )
  }

  /** Starts it, and waits for nothing. */
  spawn(): ChildProcess {
    const output = openSync(this.#outputFile, 'a')
    const child = spawn('sh', ['-c', `exec ${this.command} "$0"`, this.#file], {
      cwd: projectFolder,
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    this.#child = child
    return child
  }

  /** Ends it as an operator does, and says with which exit code it went; one that takes too long is killed. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM', limitMs = 20_000): Promise<number | null> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill(signal)
    const overdue = setTimeout(() => child.kill('SIGKILL'), limitMs)
    const code = await exited
    clearTimeout(overdue)
    return code
  }

  async restart(): Promise<void> {
    await this.end()
    await this.start()
  }

  /** Ends it, and removes its folder; COMPAT_KEEP=1 leaves it to be looked at. */
  async stop(): Promise<void> {
    await this.end()
    if (process.env['COMPAT_KEEP'] === '1') console.log(`kept: ${this.folder}`)
    else rmSync(this.folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #file(): string {
    return join(this.folder, 'server.properties')
  }

  get #outputFile(): string {
    return join(this.folder, 'output')
  }

  /** A node on its own, as Apache Kafka wants it written too. */
  #ownProperties(controllerPort: number): Record<string, string> {
    return {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'cluster.id': '4L6g3nShT-eMCtK--X86sw',
      listeners: `PLAINTEXT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${this.port}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      'log.dirs': join(this.folder, 'data'),
      'num.partitions': '4',
      'default.replication.factor': '1',
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '4',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
    }
  }
}
