import { setTimeout as wait } from 'node:timers/promises'

/**
 * Asks again and again until the answer is not undefined. What is waited for happens in other processes, which tell
 * nobody; the bound only ends what hangs, and `describe` then says how far it came.
 */
export async function waitUntil<T>(ask: () => Promise<T | undefined>, describe: () => string, limitMs = 60_000): Promise<T> {
  const end = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${describe()}`)
    await wait(50)
  }
}
