interface Wait {
  readonly end: bigint
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Who waits for an end of the log to pass an offset. Ends mostly rise, so all that is done happens at the two ends of the list. */
export class LogWaits {
  #waits: Wait[] = []

  /** All who wait for one end share a promise. */
  until(end: bigint): Promise<void> {
    const before = this.#waits.findLastIndex((wait) => wait.end <= end)
    const same = this.#waits[before]
    if (same !== undefined && same.end === end) return same.promise
    const wait = newWait(end)
    this.#waits.splice(before + 1, 0, wait)
    return wait.promise
  }

  reached(end: bigint): void {
    let count = 0
    while (count < this.#waits.length && this.#waits[count]!.end <= end) count += 1
    if (count === 0) return
    for (const wait of this.#waits.splice(0, count)) wait.resolve()
  }

  reject(error: Error): void {
    const waits = this.#waits
    this.#waits = []
    for (const wait of waits) wait.reject(error)
  }
}

function newWait(end: bigint): Wait {
  let resolve: () => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { end, promise, resolve, reject }
}
