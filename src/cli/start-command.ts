import { Broker } from '../broker.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import { pinoLogger } from '../environment/pino-logger.ts'
import { printedConfig } from './print-config.ts'
import { inImage, type StartFlags, startSources } from './start-options.ts'

/** The broker found a fault in itself. */
const FAULT = 70

/** Starts a broker and serves until Ctrl-C or SIGTERM. Gives the exit code. */
export async function startCommand(flags: StartFlags): Promise<number> {
  const { config, warnings, notes } = resolveConfig(startSources(flags, process.env))
  const stopped = stopSignal()
  const logger = await pinoLogger({ level: config.get('log.level') })
  for (const warning of warnings) logger.warn({}, warning)
  for (const note of notes) logger.info({}, note)
  const broker = await Broker.startWith({ config, logger, inImage: inImage(process.env) })
  for (const line of broker.welcome()) logger.info({}, line)
  const signal = await Promise.race([stopped, broker.closed.catch(() => null)])
  if (typeof signal !== 'string') return FAULT
  logger.info({}, `Stopping after ${signal}. A second one ends it at once.`)
  await broker.stop()
  logger.info({}, 'Stopped.')
  return 0
}

/** Shows what a start with these flags would hold, and from where. */
export function printConfigCommand(flags: StartFlags): number {
  const { config, warnings, notes } = resolveConfig(startSources(flags, process.env))
  console.log(printedConfig(config))
  for (const line of [...warnings, ...notes]) console.error(line)
  return 0
}

/**
 * Ctrl-C, or what `kill`, containers and services send; as pid 1 nothing but a handler makes them count. A second one ends the process at once,
 * with the code that a shell gives for that signal.
 */
function stopSignal(): Promise<string> {
  let signals = 0
  return new Promise((resolve) => {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(128 + number)
        resolve(signal)
      })
    }
  })
}
