import type { Logger } from './logger.ts'

export interface LoggedLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

/** Keeps every line for a test to look at; children write to the same list. */
export class RecordingLogger implements Logger {
  readonly lines: LoggedLine[]
  readonly #fields: object

  constructor(lines: LoggedLine[] = [], fields: object = {}) {
    this.lines = lines
    this.#fields = fields
  }

  trace(fields: object, message: string): void {
    this.#add('trace', fields, message)
  }

  debug(fields: object, message: string): void {
    this.#add('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#add('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#add('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#add('error', fields, message)
  }

  isLevelEnabled(): boolean {
    return true
  }

  child(fields: object): Logger {
    return new RecordingLogger(this.lines, { ...this.#fields, ...fields })
  }

  /** The messages of one level, or of all. */
  messages(level?: LoggedLine['level']): readonly string[] {
    return this.lines.filter((line) => level === undefined || line.level === level).map((line) => line.message)
  }

  #add(level: LoggedLine['level'], fields: object, message: string): void {
    this.lines.push({ level, fields: { ...this.#fields, ...fields }, message })
  }
}
