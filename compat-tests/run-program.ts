import { execFile } from 'node:child_process'
import { projectFolder } from './folders.ts'

export interface ProgramOptions {
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly limitMs?: number
}

/** Runs a program to its end; its code is in the answer, so a failure is for the test to judge. */
export function runProgram(
  program: string,
  parameters: readonly string[],
  { folder = projectFolder, environment = {}, limitMs = 60_000 }: ProgramOptions = {},
): Promise<{ readonly code: number; readonly output: string; readonly errors: string }> {
  const options = { cwd: folder, env: { ...process.env, ...environment }, timeout: limitMs, maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile(program, [...parameters], options, (error, output, errors) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output, errors })
    })
  })
}

/** The same, and a failure is thrown with what it printed. */
export async function runToSuccess(
  program: string,
  parameters: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { code, output, errors } = await runProgram(program, parameters, options)
  if (code !== 0)
    throw new Error(`${program} ${parameters.join(' ')} ended with ${code}:\n${output.slice(-3000)}${errors.slice(-3000)}`)
  return output
}
