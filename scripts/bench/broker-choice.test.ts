import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { durabilityOf, parseBroker } from './broker-choice.ts'

describe('--broker', () => {
  test('names a broker that is known, with settings of its own', () => {
    expect(parseBroker('grete')).toMatchObject({ name: 'grete', command: 'node dist/grete.js start', properties: {} })
    expect(parseBroker('grete?durability=page-cache?num.partitions=3')).toMatchObject({
      name: 'grete?durability=page-cache?num.partitions=3',
      properties: { durability: 'page-cache', 'num.partitions': '3' },
    })
    expect(parseBroker('kafka').command).toMatch(/broker\.sh$/)
  })

  test('takes a broker that runs already, and its process where it is told', () => {
    expect(parseBroker('127.0.0.1:9092')).toEqual({ name: '127.0.0.1:9092', properties: {}, address: '127.0.0.1:9092' })
    expect(parseBroker('127.0.0.1:9092@4711')).toMatchObject({ address: '127.0.0.1:9092', pid: 4711 })
  })

  test('takes any command, and another checkout by its folder', () => {
    expect(parseBroker('other=broker --fast?a.b=c')).toMatchObject({
      name: 'other?a.b=c',
      command: 'broker --fast',
      properties: { 'a.b': 'c' },
    })
    const checkout = mkdtempSync(join(tmpdir(), 'checkout-'))
    try {
      mkdirSync(join(checkout, 'dist'))
      writeFileSync(join(checkout, 'dist', 'grete.js'), '')
      const command = `node ${checkout}/dist/grete.js start`
      expect(parseBroker(`before=${checkout}?durability=fsync`)).toMatchObject({
        name: 'before?durability=fsync',
        command,
        checkout,
      })
    } finally {
      rmSync(checkout, { recursive: true })
    }
  })

  test('refuses what it does not understand', () => {
    expect(() => parseBroker('greet')).toThrow('--broker greet: neither one of grete, grete-memory, kafka')
  })

  test('says whether acks=all means synced', () => {
    expect(durabilityOf(parseBroker('grete'))).toBe('synced to disk')
    expect(durabilityOf(parseBroker('grete?durability=page-cache'))).toBe('in the page cache, synced later')
    expect(durabilityOf(parseBroker('grete-memory'))).toBe('in memory')
    expect(durabilityOf(parseBroker('kafka'))).toBe('in the page cache, synced later')
    expect(durabilityOf(parseBroker('kafka?log.flush.interval.messages=1'))).toBe('synced to disk')
    expect(durabilityOf(parseBroker('127.0.0.1:9092'))).toBe('not known')
  })
})
