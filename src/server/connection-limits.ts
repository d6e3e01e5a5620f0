export interface ConnectionLimitsOptions {
  /** max.connections */
  readonly max: number
  /** max.connections.per.ip */
  readonly maxPerAddress: number
  /** max.connections.per.ip.overrides */
  readonly overrides: ReadonlyMap<string, number>
}

export interface Refusal {
  readonly sentence: string
  /** The first since somebody was admitted: the one that is worth a line in the log. */
  readonly first: boolean
}

/** How many connections there may be, in all listeners together and from one address. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions
  readonly #byAddress = new Map<string, number>()
  #count = 0
  #refusing = false

  constructor(options: ConnectionLimitsOptions) {
    this.#options = options
  }

  /** Null: admitted, to be ended by `leave`. */
  admit(address: string): Refusal | null {
    const here = this.#byAddress.get(address) ?? 0
    const maxHere = this.#options.overrides.get(address) ?? this.#options.maxPerAddress
    if (this.#count >= this.#options.max) return this.#refuse(`max.connections is ${this.#options.max}`, address)
    if (here >= maxHere) return this.#refuse(`max.connections.per.ip allows ${maxHere} from there`, address)
    this.#count++
    this.#byAddress.set(address, here + 1)
    this.#refusing = false
    return null
  }

  #refuse(why: string, address: string): Refusal {
    const first = !this.#refusing
    this.#refusing = true
    return { first, sentence: `Refused a connection from ${address}: ${why}.` }
  }

  leave(address: string): void {
    this.#count--
    const here = this.#byAddress.get(address) ?? 0
    if (here <= 1) this.#byAddress.delete(address)
    else this.#byAddress.set(address, here - 1)
  }
}
