import { withPart } from '../with-part.ts'

/** What one measure came to, as it stands in docs/performance.md. */
export interface PagePart {
  readonly measure: string
  readonly date: string
  readonly command: string
  readonly rounds: number
  readonly surroundings: readonly string[]
  readonly table: string
}

/** A part stands where its marks stand; without them, at the end of the page under a heading of its own. */
export function withMeasured(page: string, part: PagePart): string {
  const mark = `measured ${part.measure}`
  const text = partText(part)
  if (page.includes(`<!-- ${mark} -->`)) return withPart(page, mark, text)
  return `${page.trimEnd()}\n\n## ${part.measure}\n\n<!-- ${mark} -->\n${text}\n<!-- /${mark} -->\n`
}

function partText({ date, command, rounds, surroundings, table }: PagePart): string {
  const lines = surroundings.map((sentence) => `- ${sentence}`)
  return `${date}, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}: \`${command}\`\n\n${lines.join('\n')}\n\n${table}`
}
