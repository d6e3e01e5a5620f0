// What the drivers written in JavaScript share: the command lines of README.md, and a group member's memory.
import { createInterface } from 'node:readline'

/** Answers each line of standard input with one line; ends the process, as a crash would, when the input ends. */
export async function runCommands(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line)
    let answer
    try {
      answer = { result: (await commands[request.command](request)) ?? {} }
    } catch (error) {
      answer = { error: String(error?.stack ?? error).slice(0, 2000) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  process.exit(0)
}

/** Tells what a member does, when it does it. Writing to a pipe is synchronous: what is told survives a kill. */
export function tell(kind, member, fields) {
  process.stdout.write(`${JSON.stringify({ event: { kind, member, at: Date.now(), ...fields } })}\n`)
}

/** The records that a member got and the runner has not asked for yet, and where it stands. */
export class MemberMemory {
  constructor(limit) {
    this.limit = limit
    this.count = 0
    this.assignment = []
    this.waiting = []
    this.positions = new Map()
    this.failure = undefined
  }

  get full() {
    return this.count >= this.limit
  }

  /** Says whether the record was taken: one above the limit is not, and its offset is not committed. */
  take(record) {
    if (this.full) return false
    this.count += 1
    this.waiting.push(record)
    this.positions.set(`${record.topic}/${record.partition}`, {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset + 1,
    })
    return true
  }

  handOut() {
    if (this.failure) throw this.failure
    const records = this.waiting
    this.waiting = []
    return { assignment: [...this.assignment].sort((a, b) => a - b), records }
  }
}
