import { splitMix32 } from '../../environment/random.ts'

/** The one source of chance of a simulation, from its seed. */
export class Dice {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = splitMix32(seed)
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

  #fraction(): number {
    return this.#next() / 0x1_0000_0000
  }
}
