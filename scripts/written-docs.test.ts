import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parseCommandLine } from '../src/cli/command-line.ts'
import { runCommand } from '../src/cli/test-command.ts'
import { withPart } from './with-part.ts'
import { apiList, settingsPage } from './written-docs.ts'

const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(projectFolder, path), 'utf8')
const pages = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(join(projectFolder, 'docs')).map((name) => `docs/${name}`),
]

/** The commands in the code blocks of a page. */
const commandsOf = (page: string): string[] =>
  [...read(page).matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n'))

describe('the documentation', () => {
  test('lists the requests of the table: `npm run docs` writes it', () => {
    expect(read('README.md')).toBe(withPart(read('README.md'), 'apis', apiList()))
    expect(read('README.md')).toContain(apiList())
  })

  test('has the settings of the rows: `npm run docs` writes it', () => {
    expect(read('docs/settings.md')).toBe(settingsPage())
  })

  test.each(pages)('%s links to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link).filter((link) => !link.includes('://'))
    const targets = links.map((link) => resolve(projectFolder, dirname(page), link))
    expect(targets.filter((target) => !existsSync(target))).toEqual([])
  })

  const commands = pages.flatMap(commandsOf)
  const greteCommands = commands.filter((line) => /(^|\s)grete\b/.test(line) && !line.startsWith('docker'))

  test('has commands of known kinds alone, so that each is run by a test', () => {
    const others = commands.filter((line) => !greteCommands.includes(line))
    for (const line of others)
      expect(line).toMatch(/^(make (run|test|compat|lint|build|bench)|npm (start|test|ci)|docker (build|run) |kcat )/)
    const targets = others.flatMap((line) => /^make (\w+)/.exec(line)?.[1] ?? [])
    const makefiles = read('Makefile') + read('compat-tests/compat.mk')
    for (const target of targets) expect(makefiles).toMatch(new RegExp(`^${target}:`, 'm'))
  })

  test.each(greteCommands)('%s is understood', async (line) => {
    const words = line.split(' ')
    const start = words.indexOf('grete')
    const { command } = parseCommandLine(words.slice(start + 1))
    if (command === 'start') return // The tests of the command start such brokers.
    const variables = words.slice(0, start).flatMap((word) => (word.includes('=') ? [word.split('=') as [string, string]] : []))
    const { code, errors } = await runCommand(words.slice(start + 1), { environment: Object.fromEntries(variables) })
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  })
})
