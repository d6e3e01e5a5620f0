/**
 * How large a program RE2 makes of a pattern, at least as far as repetitions go: `(a{0,1000})` sixty times over takes two
 * seconds to compile, all of which nobody else is served. So this is asked first. What RE2 looks up character by character
 * while it compiles counts as well: `(?i)[b-\uffff]` is one instruction of fifteen milliseconds. It reads only what groups,
 * multiplies and ranges; what it takes for wrong, RE2 refuses.
 */
export function patternSize(pattern: string): number {
  const reader = new PatternReader(pattern)
  return reader.size()
}

/** Upper and lower case of each character of a range is looked up, here so many to an instruction's worth of time. */
const foldedPerInstruction = 64
/** A class of Unicode is a table of its own for each time that it is named. */
const tableInstructions = 20
/** RE2 knows upper and lower case from `A` on; the last letter that has both lies below this. */
const foldMin = 0x41
const foldEnd = 0x1e944

/** `{3}`, `{3,}`, `{3,5}`; RE2 takes anything else for text. */
const repetition = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/

class PatternReader {
  readonly #pattern: string
  /** What each group that is open holds so far, the whole first. */
  readonly #open = [0]
  /** What a repetition would multiply; part of the innermost group's sum. */
  #atom = 0
  #at = 0
  /** What is looked up while it compiles: once for each place in the text, however often that is repeated. */
  #lookedUp = 0
  /** Whether it may be read without regard to case somewhere: `(?i)`, `(?s-i:`. */
  readonly #folds: boolean

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#folds = /\(\?[A-Za-z]*i/.test(pattern)
  }

  size(): number {
    while (this.#at < this.#pattern.length) this.#next()
    return this.#open.reduce((sum, group) => sum + group, this.#lookedUp)
  }

  #next(): void {
    switch (this.#pattern[this.#at]) {
      case '\\':
        this.#escape()
        break
      case '[':
        this.#class()
        break
      case '(':
        this.#open.push(0)
        this.#at += 1
        break
      case ')':
        this.#at += 1
        // Two instructions say where it begins and ends.
        this.#add((this.#open.length > 1 ? (this.#open.pop() ?? 0) : 0) + 2)
        break
      case '{':
        this.#repeat()
        break
      default:
        this.#at += 1
        this.#add(1)
    }
  }

  #add(atom: number): void {
    this.#atom = atom
    this.#grow(atom)
  }

  #grow(by: number): void {
    this.#open.push((this.#open.pop() ?? 0) + by)
  }

  #escape(): void {
    const isLiteral = this.#pattern[this.#at + 1] === 'Q'
    const end = isLiteral ? this.#pattern.indexOf('\\E', this.#at) : this.#at
    const next = end < 0 ? this.#pattern.length : end + 2
    if (isTable(this.#pattern[this.#at + 1])) this.#lookedUp += tableInstructions
    // A literal's last character is what repeats; to take the whole of it is on the safe side.
    this.#add(isLiteral ? next - this.#at : 1)
    this.#at = next
  }

  #class(): void {
    const text = this.#pattern
    let at = this.#at + 1
    if (text[at] === '^') at += 1
    // First in its class a bracket is itself.
    for (let isFirst = true; at < text.length && (isFirst || text[at] !== ']'); isFirst = false) {
      const named = text.startsWith('[:', at) ? text.indexOf(':]', at) : -1
      at = named > 0 ? named + 2 : this.#classItem(at)
    }
    this.#at = at + 1
    this.#add(1)
  }

  /** One character of a class, or a range; where the next begins. */
  #classItem(at: number): number {
    const text = this.#pattern
    const low = classCharacter(text, at)
    if (text[at] === '\\' && isTable(text[at + 1])) this.#lookedUp += tableInstructions
    if (text[low.next] !== '-' || text[low.next + 1] === ']' || low.next + 1 >= text.length) return low.next
    const high = classCharacter(text, low.next + 1)
    if (this.#folds) {
      const folded = Math.min(high.code + 1, foldEnd) - Math.max(low.code, foldMin)
      this.#lookedUp += Math.floor(Math.max(0, folded) / foldedPerInstruction)
    }
    return high.next
  }

  #repeat(): void {
    const [all, least, comma, most] = repetition.exec(this.#pattern.slice(this.#at, this.#at + 12)) ?? []
    if (all === undefined) {
      this.#at += 1
      this.#add(1)
      return
    }
    this.#at += all.length
    const times = Math.max(
      Number(least),
      most === undefined || most === '' ? Number(least) + (comma === undefined ? 0 : 1) : Number(most),
    )
    // What may be left out takes an instruction that says so.
    const repeated = (this.#atom + 1) * times
    this.#grow(repeated - this.#atom)
    this.#atom = repeated
  }
}

const isTable = (letter: string | undefined): boolean => letter === 'p' || letter === 'P'

/** `\\x7f`, `\\x{10FFFF}`, `\\177` */
const escapedCode = /^\\(?:x\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{2})|([0-7]{1,3}))/

/** A character as it stands in a class, and where it ends. Of other escapes only that they take two places counts. */
function classCharacter(text: string, at: number): { readonly code: number; readonly next: number } {
  if (text[at] !== '\\') {
    const code = text.codePointAt(at) ?? 0
    return { code, next: at + (code > 0xffff ? 2 : 1) }
  }
  const [all, braced, plain, octal] = escapedCode.exec(text.slice(at, at + 12)) ?? []
  if (all === undefined) return { code: text.charCodeAt(at + 1) || 0, next: at + 2 }
  const code = octal === undefined ? Number.parseInt(braced ?? plain ?? '0', 16) : Number.parseInt(octal, 8)
  return { code, next: at + all.length }
}
