import { describe, expect, test } from '@jest/globals'
import { withMeasured } from './performance-page.ts'

const part = {
  measure: 'start',
  date: '2026-11-21',
  command: 'make bench',
  rounds: 3,
  surroundings: ['One machine.'],
  table: '| 1 |',
}
const written = '2026-11-21, medians of 3 rounds: `make bench`\n\n- One machine.\n\n| 1 |'

describe('the page of results', () => {
  test('has a part written anew between its marks, and its prose left alone', () => {
    const page = '# Page\n\nProse.\n\n<!-- measured start -->\nold\n<!-- /measured start -->\n\nMore prose.\n'
    expect(withMeasured(page, part)).toBe(
      `# Page\n\nProse.\n\n<!-- measured start -->\n${written}\n<!-- /measured start -->\n\nMore prose.\n`,
    )
  })

  test('gets a part without marks at its end', () => {
    const page = withMeasured('# Page\n', part)
    expect(page).toBe(`# Page\n\n## start\n\n<!-- measured start -->\n${written}\n<!-- /measured start -->\n`)
    expect(withMeasured(page, part)).toBe(page)
  })
})
