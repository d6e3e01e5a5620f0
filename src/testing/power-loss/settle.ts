import type { SimulatedTime } from '../simulation/simulated-time.ts'

const stepMs = 50

/** Lets time pass until the promise is settled; throws when that takes too long. */
export async function settle<T>(time: SimulatedTime, promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  let settled: { readonly value: T } | { readonly error: unknown } | null = null
  promise.then(
    (value) => {
      settled = { value }
    },
    (error: unknown) => {
      settled = { error }
    },
  )
  const untilMs = time.nowMs + limitMs
  for (;;) {
    await time.advance(0)
    const outcome = settled as { readonly value: T } | { readonly error: unknown } | null
    if (outcome !== null) {
      if ('error' in outcome) throw outcome.error
      return outcome.value
    }
    if (time.nowMs > untilMs) throw new Error(`${what} does not end`)
    await time.advance(stepMs)
  }
}
