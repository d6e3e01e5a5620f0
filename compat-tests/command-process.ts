import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { cacheFolder } from './folders.ts'

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

const commandLimitMs = 90_000

/** A process that answers each line of JSON with one, and may tell events in between. */
export class CommandProcess implements AsyncDisposable {
  readonly #name: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<void>
  readonly #waiting: Waiting[] = []
  readonly #onEvent: (event: unknown) => void
  #errors = ''
  #ended: Error | undefined

  constructor(name: string, words: readonly string[], onEvent: (event: unknown) => void = () => {}) {
    this.#name = name
    this.#onEvent = onEvent
    const [program, ...parameters] = words
    const environment = { ...process.env, GRETE_CACHE: cacheFolder, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '' }
    this.#child = spawn(program!, parameters, { env: environment })
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#errors = `${this.#errors}${text}`.slice(-4000)
    })
    this.#child.stdin.on('error', () => {})
    this.#exited = new Promise((resolve) => this.#child.on('close', () => resolve()))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('close', (code) => this.#fail(new Error(`${name}: its driver ended with ${code}: ${this.#errors}`)))
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer(line))
  }

  /** Settled when its process has ended and all that it told has arrived. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** Why it ended, if it did. */
  get failure(): string {
    return this.#ended?.message ?? ''
  }

  /** Kills it where it stands; what it had told by then has arrived when this is done. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#child.stdin.end()
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.#exited
    clearTimeout(overdue)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  send(command: string, fields: object = {}): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const overdue = setTimeout(() => {
        this.#fail(new Error(`${this.#name}: no answer to ${command} in ${commandLimitMs / 1000} s: ${this.#errors}`))
        this.#child.kill('SIGKILL')
      }, commandLimitMs)
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(overdue)
          settle(value)
        }
      }
      this.#waiting.push({ resolve: settled(resolve), reject: settled(reject) })
      this.#child.stdin.write(`${JSON.stringify({ command, ...fields })}\n`)
    })
  }

  #answer(line: string): void {
    if (line.startsWith('{"event"')) {
      const event = parseEvent(line)
      if (event !== undefined) this.#onEvent(event)
      return
    }
    // Libraries that print to standard output do not speak our protocol.
    if (!line.startsWith('{"result"') && !line.startsWith('{"error"')) return
    const { result, error } = JSON.parse(line) as { result?: unknown; error?: string }
    const first = this.#waiting.shift()
    if (error === undefined) first?.resolve(result)
    else first?.reject(new Error(`${this.#name}: ${error}\n${this.#errors}`))
  }

  #fail(error: Error): void {
    this.#ended ??= error
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended)
  }
}

/** A process that is killed may leave half a line. */
function parseEvent(line: string): unknown {
  try {
    return (JSON.parse(line) as { event: unknown }).event
  } catch {
    return undefined
  }
}
