import type { DestinationStream, LoggerOptions } from 'pino'
import type { Logger } from './logger.ts'

export interface PinoLoggerOptions {
  /** trace, debug, info, warn, error or silent. */
  readonly level: string
  /** Lines for people instead of JSON. Default: if the destination is a terminal. */
  readonly pretty?: boolean
  /** A stream in place of standard output. */
  readonly destination?: DestinationStream & { readonly isTTY?: boolean }
}

/**
 * Logs to standard output: for people on a terminal, as JSON elsewhere. Both write before the call returns, so that the
 * last words of a process that ends at once are not lost. pino is loaded here, since importing the package does no work.
 */
export async function pinoLogger(options: PinoLoggerOptions): Promise<Logger> {
  const { default: pino } = await import('pino')
  const terminal = options.destination === undefined ? process.stdout.isTTY : options.destination.isTTY
  const settings: LoggerOptions = { level: options.level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }
  if (options.pretty ?? terminal ?? false) return pino(settings, await prettyStream(options.destination))
  return pino(settings, options.destination ?? pino.destination({ dest: 1, sync: true }))
}

/** In this process and not pino's worker thread: a worker would be a second heap, and would lose the last lines. */
async function prettyStream(destination: PinoLoggerOptions['destination']): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    sync: true,
    colorize: destination === undefined ? process.stdout.hasColors?.() === true : false,
    translateTime: 'SYS:HH:MM:ss.l',
    ...(destination === undefined ? { destination: 1 } : { destination: asWritable(destination) }),
  })
}

function asWritable(destination: DestinationStream): NodeJS.WritableStream {
  return destination as unknown as NodeJS.WritableStream
}
