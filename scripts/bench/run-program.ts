import { spawn } from 'node:child_process'

/** Runs a program to its end, with no input, and gives what it printed; a failure says what it said. */
export async function runProgram(program: string, parameters: readonly string[], limitMs = 600_000, input = ''): Promise<string> {
  const child = spawn(program, parameters, { timeout: limitMs })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-2000)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`${program} ${parameters.join(' ')} ended with ${code}: ${errors || output.slice(-2000)}`)
  return output
}
