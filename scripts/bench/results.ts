import { betterIs, type Measured, type Measurement } from './measurement.ts'
import { median, spread } from './statistics.ts'

/** All rounds of one broker, by the title of what was measured. */
export type Results = Map<string, Measurement[]>

export function addTo(results: Results, measured: Measured): void {
  for (const [title, measurement] of Object.entries(measured)) results.set(title, [...(results.get(title) ?? []), measurement])
}

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const size = Number(Math.abs(value).toPrecision(6))
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  if (size >= 100) return value.toFixed(0)
  return size === 0 ? '0' : value.toPrecision(size >= 1 ? 3 : 2)
}

export function formatMeasurement(measurement: Measurement): string {
  return Object.entries(measurement)
    .map(([name, value]) => `${formatNumber(value)} ${name}`)
    .join('  ')
}

/**
 * Markdown: a line for each number, a column for each broker with its median (and how far the rounds lie about it), and for each but the last
 * the ratio of its median to the last one's. The arrow says whether more or less is better.
 */
export function resultTable(brokers: readonly { readonly name: string; readonly results: Results }[]): string {
  const reference = brokers.at(-1)!
  const compared = brokers.slice(0, -1)
  const titles = [...new Set(brokers.flatMap(({ results }) => [...results.keys()]))]
  const head = ['', '', ...brokers.map(({ name }) => name), ...compared.map(({ name }) => `${name} / ${reference.name}`)]
  const rows = titles.flatMap((title) => {
    const names = [...new Set(brokers.flatMap(({ results }) => Object.keys(results.get(title)?.[0] ?? {})))]
    return names.map((name, index) => [
      index === 0 ? title : '',
      name + arrowOf(name),
      ...brokers.map(({ results }) => cellOf(valuesOf(results, title, name))),
      ...compared.map(({ results }) => ratioOf(valuesOf(results, title, name), valuesOf(reference.results, title, name))),
    ])
  })
  return toMarkdown([head, head.map((_name, index) => (index < 2 ? '---' : '--:')), ...rows])
}

function arrowOf(name: string): string {
  const better = betterIs(name)
  return better === undefined ? '' : better === 'more' ? ' ↑' : ' ↓'
}

function valuesOf(results: Results, title: string, name: string): readonly number[] {
  return (results.get(title) ?? []).map((measurement) => measurement[name] ?? Number.NaN).filter(Number.isFinite)
}

function cellOf(values: readonly number[]): string {
  if (values.length === 0) return '-'
  const about = values.length > 1 ? ` ±${Math.round(spread(values) * 100)} %` : ''
  return `${formatNumber(median(values))}${about}`
}

function ratioOf(ours: readonly number[], theirs: readonly number[]): string {
  if (ours.length === 0 || theirs.length === 0 || median(theirs) === 0) return '-'
  return (median(ours) / median(theirs)).toFixed(2)
}

/** Columns of one width, so that it can be read as it stands, too. */
function toMarkdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  return rows.map(line).join('\n')
}
