/** Reads `max.connections.per.ip.overrides`; an entry that is not host:count is a problem, in a sentence. */
export function parseConnectionOverrides(text: string): { limits: Map<string, number>; problems: string[] } {
  const limits = new Map<string, number>()
  const problems: string[] = []
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const match = /^\[?(.+?)\]?:\s*([0-9]{1,9})$/.exec(entry)
    if (match === null) problems.push(`max.connections.per.ip.overrides: ${entry} is not of the form host:count.`)
    else limits.set(match[1]!.trim(), Number(match[2]))
  }
  return { limits, problems }
}
