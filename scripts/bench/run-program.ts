import { spawn } from 'node:child_process'

/** Runs a program to its end, within the limit, and gives what it printed; a failure says what it said. */
export async function runProgram(program: string, parameters: readonly string[], limitMs = 300_000, input = ''): Promise<string> {
  const child = spawn(program, parameters, { timeout: limitMs, killSignal: 'SIGKILL' })
  const output: string[] = []
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-2000)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve(exitCode ?? signal))
  })
  const printed = output.join('')
  if (code !== 0) {
    const why = code === 'SIGKILL' ? `was not done within ${limitMs / 1000} s` : `ended with ${code}`
    throw new Error(`${program} ${parameters.join(' ')} ${why}: ${errors || printed.slice(-2000)}`)
  }
  return printed
}
