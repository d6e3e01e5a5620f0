/** Whole numbers below a limit, the same ones for the same seed: one that is printed repeats the kills of a run. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return (state >>> 0) % limit
  }
}
