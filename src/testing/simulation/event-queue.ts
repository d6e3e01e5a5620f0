export interface QueuedEvent {
  readonly dueMs: number
  /** Among those that fall due together: the order in which they were asked for. */
  readonly order: number
  cancelled: boolean
  readonly run: () => void
}

/** What is to happen, the earliest first: a heap, for a simulated hour has a hundred thousand events and more. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = []
  #order = 0

  add(dueMs: number, run: () => void): QueuedEvent {
    const event = { dueMs, order: this.#order++, cancelled: false, run }
    this.#heap.push(event)
    this.#rise(this.#heap.length - 1)
    return event
  }

  /** The next one that is due by then, or undefined. Cancelled ones are forgotten on the way. */
  take(untilMs: number): QueuedEvent | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.cancelled && first.dueMs > untilMs) return undefined
      this.#removeFirst()
      if (!first.cancelled) return first
    }
    return undefined
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(index: number): void {
    const heap = this.#heap
    const event = heap[index]!
    let at = index
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent]!, event)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #sink(index: number): void {
    const heap = this.#heap
    const event = heap[index]!
    let at = index
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (isBefore(event, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = event
  }
}

const isBefore = (a: QueuedEvent, b: QueuedEvent): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
