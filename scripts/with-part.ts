/** A page whose part between two marks is written anew. */
export function withPart(page: string, mark: string, part: string): string {
  return page.replace(
    new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- /${mark} -->)`),
    (_all, begin, end) => `${begin}${part}\n${end}`,
  )
}
