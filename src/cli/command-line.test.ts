import { describe, expect, test } from '@jest/globals'
import { parseCommandLine } from './command-line.ts'
import { helpText } from './help-text.ts'
import { optionNames } from './options.ts'

const flagsOf = (...words: string[]) => {
  const line = parseCommandLine(words)
  return line.command === 'start' ? line.flags : line.command
}

describe('the command line', () => {
  test('starts a broker where no command is given', () => {
    expect(parseCommandLine([])).toMatchObject({ command: 'start', flags: { memory: false, set: [], topic: [] } })
    expect(flagsOf('--port', '0', '--memory')).toMatchObject({ port: 0, memory: true })
  })

  test('takes options before and after the settings file, with a blank or an equals sign', () => {
    const expected = {
      properties: 'server.properties',
      port: 19092,
      host: '::1',
      dataDir: 'data',
      nodeId: '0',
      logLevel: 'debug',
    }
    expect(
      flagsOf(
        'start',
        '--port=19092',
        'server.properties',
        '--host',
        '::1',
        '--data-dir=data',
        '--node-id',
        '0',
        '--log-level=debug',
      ),
    ).toMatchObject(expected)
  })

  test('takes --set and --topic as often as they are given', () => {
    expect(flagsOf('start', '--set', 'a=b', '--set=c=d,e', '--topic', 'orders:6', '--topic', 'payments')).toMatchObject({
      set: ['a=b', 'c=d,e'],
      topic: ['orders:6', 'payments'],
    })
  })

  test('prints help, version and settings on demand, whatever else is said', () => {
    expect(parseCommandLine(['start', '--help', '--memory'])).toEqual({ command: 'help' })
    expect(parseCommandLine(['-h'])).toEqual({ command: 'help' })
    expect(parseCommandLine(['help'])).toEqual({ command: 'help' })
    expect(parseCommandLine(['--version'])).toEqual({ command: 'version' })
    expect(parseCommandLine(['version'])).toEqual({ command: 'version' })
    expect(parseCommandLine(['start', 'a.properties', '--print-config'])).toMatchObject({
      command: 'print-config',
      flags: { properties: 'a.properties' },
    })
  })

  test.each([
    [['start', '--print-confg'], 'There is no option --print-confg: did you mean --print-config?'],
    [['start', '-x'], 'There is no option -x.'],
    [['start', '--port'], '--port needs a value: --port PORT.'],
    [['start', '--port', '--memory'], '--port needs a value: --port PORT.'],
    [['start', '--port', '65536'], '--port 65536 is no port: give a number from 0 to 65535.'],
    [['start', '--port=-1'], '--port -1 is no port: give a number from 0 to 65535.'],
    [['start', '--memory=yes'], '--memory takes no value, but was given yes.'],
    [['verison'], 'There is no command verison: did you mean version?'],
    [['my.properties'], 'There is no command my.properties. To start with a settings file: grete start my.properties.'],
    [['start', 'a.properties', 'b.properties'], 'grete start takes one settings file, not 2: a.properties, b.properties.'],
  ])('%j is refused in a sentence', (words, sentence) => {
    expect(() => parseCommandLine(words)).toThrow(sentence)
  })

  test('the help names every option, and fits a terminal of 140 columns', () => {
    const help = helpText()
    for (const name of optionNames) expect(help).toContain(`--${name}`)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(140)
  })
})
