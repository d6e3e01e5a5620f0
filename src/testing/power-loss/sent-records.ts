export interface SentRecord {
  /** `topic id/partition`. */
  readonly partition: string
  readonly key: string | null
  readonly timestampMs: number
  /** Its producer sees to it that it is there once. */
  readonly once: boolean
}

/** Every record that was ever sent, by its name, which its value begins with. */
export class SentRecords {
  readonly #records = new Map<string, SentRecord>()
  #count = 0

  /** Gives the name of a new record. */
  add(record: SentRecord): string {
    const name = `r${this.#count++}`
    this.#records.set(name, record)
    return name
  }

  get(name: string): SentRecord | undefined {
    return this.#records.get(name)
  }
}

export const valueFor = (name: string, paddingBytes: number): string => `${name}:${'x'.repeat(paddingBytes)}`
export const nameIn = (value: Buffer | null): string => value?.toString('latin1', 0, 20).split(':')[0] ?? ''
