/** Edits (a letter more, less, other, or two swapped) between two names, or `limit + 1` if there are more than `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const row = [i]
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1]
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        edits = Math.min(edits, beforeLast[j - 2]! + 1)
      row.push(edits)
    }
    if (Math.min(...row) > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return last[right.length]!
}

/** Separators and case aside, the names of settings are equal. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_. ]+/g, '.')

/** The known name that was probably meant: a slip of the pen, another separator, or a topic's name without `log.`. */
export function closestName(name: string, known: readonly string[]): string | null {
  const given = plain(name)
  const limit = given.length >= 10 ? 2 : given.length >= 6 ? 1 : 0
  let closest: string | null = null
  let least = limit + 1
  for (const candidate of known) {
    const edits = given === candidate || `log.${given}` === candidate ? 0 : editDistance(given, candidate, limit)
    if (edits < least) {
      least = edits
      closest = candidate
    }
  }
  return closest
}
