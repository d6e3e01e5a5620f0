/** What the broker asks of a logger: pino's methods, the fields first. Messages are sentences for people. */
export interface Logger {
  trace(fields: object, message: string): void
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  isLevelEnabled(level: string): boolean
  child(fields: object): Logger
}
