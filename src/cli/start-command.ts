import { Broker, StartError } from '../broker.ts'
import { ConfigError } from '../config/config-error.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import { pinoLogger } from '../environment/pino-logger.ts'
import { printedConfig } from './print-config.ts'
import { type StartFlags, startSources, UsageError } from './start-options.ts'

/** Starts a broker and serves until Ctrl-C or SIGTERM. Gives the exit code. */
export async function startCommand(flags: StartFlags & { readonly printConfig?: boolean | undefined }): Promise<number> {
  try {
    const { config, warnings, notes } = resolveConfig(startSources(flags, process.env))
    if (flags.printConfig === true) {
      console.log(printedConfig(config))
      for (const warning of warnings) console.error(warning)
      return 0
    }
    const logger = await pinoLogger({ level: config.get('log.level') })
    for (const warning of warnings) logger.warn({}, warning)
    for (const note of notes) logger.info({}, note)
    const signal = stopSignal()
    const broker = await Broker.startWith({ config, logger, inImage: process.env['GRETE_IMAGE'] === '1' })
    for (const line of broker.welcome()) logger.info({}, line)
    const failed = broker.closed.then(
      () => null,
      (error: unknown) => error,
    )
    const reason = await Promise.race([signal.received, failed])
    if (typeof reason !== 'string') return 70
    logger.info({}, `Stopping after ${reason}. A second one ends at once.`)
    await broker.stop()
    logger.info({}, 'Stopped.')
    return 0
  } catch (error) {
    if (error instanceof ConfigError || error instanceof StartError || error instanceof UsageError) {
      console.error(error.message)
      return 1
    }
    throw error
  }
}

/** Ctrl-C, or what `kill`, containers and services send; as pid 1 nothing but a handler makes them count. A second one ends the process at once. */
function stopSignal(): { readonly received: Promise<string> } {
  const received = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve(signal)
      })
    }
  })
  return { received }
}
