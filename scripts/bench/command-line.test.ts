import { describe, expect, test } from '@jest/globals'
import { helpText, parseCommandLine } from './command-line.ts'
import type { Measure } from './measure.ts'

const measures: readonly Measure[] = [
  { name: 'quick', doc: 'in every run', byDefault: true, trials: () => [] },
  { name: 'long', doc: 'where it is named', byDefault: false, trials: () => [] },
]
const parse = (...words: string[]) => parseCommandLine(words, measures)!
const namesOf = (...words: string[]) => parse(...words).measures.map(({ name }) => name)

describe('the command line of the bench', () => {
  test('measures this checkout and Apache Kafka in three rounds where nothing is said', () => {
    const { brokers, rounds, warmUpMegabytes } = parse()
    expect({ brokers: brokers.map(({ name }) => name), rounds, warmUpMegabytes }).toEqual({
      brokers: ['grete', 'kafka'],
      rounds: 3,
      warmUpMegabytes: 1000,
    })
    expect(parse('--broker', 'grete').rounds).toBe(1)
  })

  test('runs long measures only where they are named', () => {
    expect(namesOf()).toEqual(['quick'])
    expect(namesOf('--all')).toEqual(['quick', 'long'])
    expect(namesOf('--only', 'long')).toEqual(['long'])
    expect(() => parse('--only', 'longer')).toThrow('--only longer: not one of quick, long')
  })

  test('changes one thing at a time about the usual way to produce, or combines what is given', () => {
    const usual = { recordBytes: 1000, acks: 'all', partitions: 1, codec: 'none' }
    const around = parse().volumes.produceCases
    expect(around).toHaveLength(9)
    expect(around[0]).toEqual(usual)
    expect(around).toContainEqual({ ...usual, codec: 'zstd' })
    expect(parse('--sizes', '100,1000', '--acks', '1,all').volumes.produceCases).toEqual([
      { ...usual, recordBytes: 100, acks: '1' },
      { ...usual, recordBytes: 100 },
      { ...usual, acks: '1' },
      usual,
    ])
  })

  test('refuses what would fill the disk, and what it does not understand', () => {
    expect(() => parse('--megabytes', '500000')).toThrow('--megabytes 500000: not a whole number from 1 to 4000')
    expect(() => parse('--acks', '2')).toThrow('--acks 2: not one of 0, 1, all')
    expect(() => parse('--broker', 'grete', '--broker', 'grete')).toThrow('is given twice')
  })

  test('helps where help is wanted', () => {
    expect(parseCommandLine(['--help'], measures)).toBeUndefined()
    expect(helpText(measures)).toMatch(/long +\* where it is named/)
  })
})
