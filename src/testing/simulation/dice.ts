/** The one source of chance of a simulation, from its seed. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A whole number below `sides`. */
  roll(sides: number): number {
    return Math.floor(this.#fraction() * sides)
  }

  /** Both are possible. */
  between(least: number, most: number): number {
    return least + this.roll(most - least + 1)
  }

  /** True that often: 0.01 is once in a hundred. */
  chance(probability: number): boolean {
    return this.#fraction() < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)]!
  }

  /** Each step mixes a counter (splitmix32): every seed is a good one. */
  #fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
  }
}
