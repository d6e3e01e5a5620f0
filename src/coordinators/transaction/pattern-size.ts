/**
 * How large a program RE2 makes of a pattern, at least as far as repetitions go: `(a{0,1000})` sixty times over takes two
 * seconds to compile, all of which nobody else is served. So this is asked first. It reads only what groups and multiplies;
 * what it takes for wrong, RE2 refuses.
 */
export function patternSize(pattern: string): number {
  const reader = new PatternReader(pattern)
  return reader.size()
}

/** `{3}`, `{3,}`, `{3,5}`; RE2 takes anything else for text. */
const repetition = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/

class PatternReader {
  readonly #pattern: string
  /** What each group that is open holds so far, the whole first. */
  readonly #open = [0]
  /** What a repetition would multiply; part of the innermost group's sum. */
  #atom = 0
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  size(): number {
    while (this.#at < this.#pattern.length) this.#next()
    return this.#open.reduce((sum, group) => sum + group, 0)
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
    // A literal's last character is what repeats; to take the whole of it is on the safe side.
    this.#add(isLiteral ? next - this.#at : 1)
    this.#at = next
  }

  #class(): void {
    const text = this.#pattern
    let at = this.#at + 1
    if (text[at] === '^') at += 1
    // First in its class a bracket is itself.
    if (text[at] === ']') at += 1
    while (at < text.length && text[at] !== ']') {
      const named = text.startsWith('[:', at) ? text.indexOf(':]', at) : -1
      if (named > 0) at = named + 2
      else at += text[at] === '\\' ? 2 : 1
    }
    this.#at = at + 1
    this.#add(1)
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
