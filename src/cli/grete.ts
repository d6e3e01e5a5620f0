import { StartError } from '../broker.ts'
import { ConfigError } from '../config/config-error.ts'
import { VERSION } from '../version.ts'
import { parseCommandLine } from './command-line.ts'
import { helpText } from './help-text.ts'
import { printConfigCommand, startCommand } from './start-command.ts'
import { UsageError } from './usage-error.ts'

/** Runs the command. Gives the exit code. */
async function run(words: readonly string[]): Promise<number> {
  const line = parseCommandLine(words)
  switch (line.command) {
    case 'help':
      process.stdout.write(helpText())
      return 0
    case 'version':
      console.log(VERSION)
      return 0
    case 'print-config':
      return printConfigCommand(line.flags)
    case 'start':
      return await startCommand(line.flags)
  }
}

/** What its owner can mend is a sentence; anything else is a fault of ours, and its stack is shown to who asks for more. */
function failed(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message} (All options: grete --help)`)
    return 1
  }
  if (error instanceof ConfigError || error instanceof StartError) {
    console.error(error.message)
    return 1
  }
  const message = error instanceof Error ? error.message : String(error)
  const asked = process.argv.some((word) => /^(--log-level=)?(debug|trace)$/.test(word))
  console.error(`An unexpected error ended grete ${VERSION}: ${message}${asked ? '' : ' (--log-level debug shows where)'}`)
  if (asked && error instanceof Error) console.error(error.stack)
  return 70
}

process.on('uncaughtException', (error) => process.exit(failed(error)))
run(process.argv.slice(2))
  .catch(failed)
  .then((code) => {
    process.exitCode = code
  })
