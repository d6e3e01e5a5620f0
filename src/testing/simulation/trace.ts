import { createHash } from 'node:crypto'

const linesKept = 300

/** What happened, line by line. Its digest tells whether two runs had the same history; the last lines tell how a failed one ended. */
export class Trace {
  readonly #digest = createHash('sha1')
  readonly #lines: string[] = []
  readonly #nowMs: () => number
  readonly #listen: ((line: string) => void) | null
  #lineCount = 0

  constructor(nowMs: () => number, listen: ((line: string) => void) | null = null) {
    this.#nowMs = nowMs
    this.#listen = listen
  }

  get lineCount(): number {
    return this.#lineCount
  }

  say(line: string): void {
    const dated = `${this.#nowMs() % 1_000_000_000} ${line}`
    this.#digest.update(dated)
    this.#lineCount += 1
    this.#lines[this.#lineCount % linesKept] = dated
    this.#listen?.(dated)
  }

  /** Bytes that must be the same as well, but that nobody would read. */
  add(bytes: Buffer): void {
    this.#digest.update(bytes)
  }

  digest(): string {
    return this.#digest.copy().digest('hex')
  }

  lastLines(): readonly string[] {
    const newest = (this.#lineCount % linesKept) + 1
    return [...this.#lines.slice(newest), ...this.#lines.slice(0, newest)].filter((line) => line !== undefined)
  }
}
