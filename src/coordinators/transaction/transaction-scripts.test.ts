import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { playScript } from './test-script.ts'

/** The scripts stand in the source; the tests run from what was compiled of it. */
const folder = new URL('../../../../src/coordinators/transaction/scripts/', import.meta.url)
const scripts = readdirSync(folder).filter((name) => name.endsWith('.script'))

test('there are scripts', () => expect(scripts.length).toBeGreaterThan(0))

// With RERECORD=1 what comes out now is written into the scripts: read the difference, keep only what is meant.
test.each(scripts)('%s', (name) => {
  const file = new URL(name, folder)
  const script = readFileSync(file, 'utf8')
  const played = playScript(script)
  if (process.env['RERECORD'] === '1') writeFileSync(file, played)
  else expect(played).toBe(script)
})
