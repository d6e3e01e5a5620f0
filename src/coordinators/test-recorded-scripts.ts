import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

/**
 * Plays every script of a machine's folder `scripts/`. They stand in the source; the tests run from what was compiled of it.
 * With RERECORD=1 what comes out now is written into the scripts: read the difference, keep only what is meant.
 */
export function testRecordedScripts(machine: 'group' | 'transaction', playScript: (script: string) => string): void {
  const folder = new URL(`../../../src/coordinators/${machine}/scripts/`, import.meta.url)
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.script'))

  test('there are scripts', () => expect(scripts.length).toBeGreaterThan(0))

  test.each(scripts)('%s', (name) => {
    const file = new URL(name, folder)
    const script = readFileSync(file, 'utf8')
    const played = playScript(script)
    if (process.env['RERECORD'] === '1') writeFileSync(file, played)
    else expect(played).toBe(script)
  })
}
