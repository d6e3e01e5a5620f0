import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The checkout: this file runs as dist/src/cli/test-command.js. */
export const projectFolder = fileURLToPath(new URL('../../..', import.meta.url))

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly folder?: string
}

/** The command as users have it, in a process of its own. */
export class TestCommand implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | string>
  #output = ''
  #errors = ''
  #changed: () => void = () => {}

  constructor(words: readonly string[], { environment = {}, folder = projectFolder }: CommandOptions = {}) {
    // What this process was given is not meant for that one.
    const own = Object.entries(process.env).filter(([name]) => !/^(KAFKA|GRETE)_|^NODE_OPTIONS$/.test(name))
    this.#child = spawn(process.execPath, [`${projectFolder}/dist/grete.js`, ...words], {
      cwd: folder,
      env: { ...Object.fromEntries(own), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#changed()
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve(signal ?? code ?? -1)
        this.#changed()
      })
    })
  }

  get output(): string {
    return this.#output
  }

  get errors(): string {
    return this.#errors
  }

  /** The sentences of its log. */
  get messages(): readonly string[] {
    return this.#output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Its exit code, or the signal that ended it. */
  get ended(): Promise<number | string> {
    return this.#ended
  }

  /** Waits until its output matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match !== null) return match
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`It ended with ${await this.#ended} and printed: ${this.#output}${this.#errors}`)
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  /** Waits until it serves, and gives its port. */
  async serves(): Promise<number> {
    await this.printed(/Stop it with/)
    return Number((await this.printed(/listens on \S+:(\d+)/))[1])
  }

  async stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    this.#child.kill(signal)
    return await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
  }
}

/** Runs it to its end. */
export async function runCommand(words: readonly string[], options: CommandOptions = {}) {
  await using command = new TestCommand(words, options)
  const code = await command.ended
  return { code, output: command.output, errors: command.errors }
}
