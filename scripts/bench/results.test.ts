import { describe, expect, test } from '@jest/globals'
import { addTo, formatNumber, type Results, resultTable } from './results.ts'

const resultsOf = (...rounds: Readonly<Record<string, number>>[]): Results => {
  const results: Results = new Map()
  for (const round of rounds) addTo(results, { produce: round })
  return results
}

describe('the table of results', () => {
  test('gives medians, how far rounds lie apart, and ratios to the last broker', () => {
    const grete = resultsOf({ 'MB/s': 300, 'CPU s/GB': 1 }, { 'MB/s': 330, 'CPU s/GB': 1 }, { 'MB/s': 300, 'CPU s/GB': 1 })
    const kafka = resultsOf({ 'MB/s': 150, 'CPU s/GB': 4 }, { 'MB/s': 150, 'CPU s/GB': 4 }, { 'MB/s': 150, 'CPU s/GB': 4 })
    expect(
      resultTable([
        { name: 'grete', results: grete },
        { name: 'kafka', results: kafka },
      ]),
    ).toBe(`\
|         |            |     grete |     kafka | grete / kafka |
| ---     | ---        |       --: |       --: |           --: |
| produce | MB/s ↑     |  300 ±5 % |  150 ±0 % |          2.00 |
|         | CPU s/GB ↓ | 1.00 ±0 % | 4.00 ±0 % |          0.25 |`)
  })

  test('leaves open what only one of them was measured by', () => {
    const lines = resultTable([
      { name: 'a', results: resultsOf({ 'MB/s': 1 }) },
      { name: 'b', results: new Map() },
    ])
    expect(lines.split('\n').at(-1)).toMatch(/^\| produce \| MB\/s ↑ \| 1\.00 \| +- \| +- \|$/)
  })

  test('numbers have three digits that matter', () => {
    expect([1234567, 123.4, 12.34, 1.234, 0.99999999, 0.1234, 0, Number.NaN].map(formatNumber)).toEqual([
      '1,234,567',
      '123',
      '12.3',
      '1.23',
      '1.00',
      '0.12',
      '0',
      '-',
    ])
  })
})
