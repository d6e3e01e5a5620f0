import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from '../broker-process.ts'
import { DirectoryClient, missingForDirectories } from './directory-client.ts'
import { dumpDirectories } from './dump-log.ts'
import { hurriedProperties } from './hurried-properties.ts'
import { filesEndingIn } from './log-files.ts'

describe('kafka-dump-log', () => {
  let broker: BrokerProcess
  let client: DirectoryClient
  let directory: string

  beforeAll(async () => {
    const missing = missingForDirectories()
    if (missing) throw new Error(`not run: ${missing} is missing; compat-tests/setup.sh installs it`)
    broker = await BrokerProcess.start({ properties: hurriedProperties })
    directory = join(broker.folder, 'data')
    client = new DirectoryClient(broker.address)
    await client.begin('written')
    await broker.end()
  })

  afterAll(async () => {
    await client?.[Symbol.asyncDispose]()
    await broker?.stop()
  })

  test('reads plain, compressed, transactional and compacted logs, groups, transactions and metadata without complaint', async () => {
    const { complaints, records } = await dumpDirectories(client, [directory])
    expect(complaints).toEqual([])
    // All that was written, and at least what it must have come to.
    expect(records.get('--print-data-log')).toBeGreaterThan(3500)
    expect(records.get('--offsets-decoder')).toBeGreaterThan(10)
    expect(records.get('--transaction-log-decoder')).toBeGreaterThan(10)
    expect(records.get('--cluster-metadata-decoder')).toBeGreaterThan(50)
  })

  test('finds many segments, and index entries in them', () => {
    const segments = filesEndingIn(join(directory, 'large-written-0'), '.log', '.index', '.timeindex')
    expect(segments.length).toBeGreaterThanOrEqual(9)
    // At least two closed segments with an entry for each 8 KiB batch or so.
    const indexes = filesEndingIn(join(directory, 'large-written-0'), '.index').map((file) => readFileSync(file).length / 8)
    expect(indexes.slice(0, 2).every((count) => count > 50)).toBe(true)
    expect(filesEndingIn(join(directory, 'plain-written-0'), '.log')).toHaveLength(5)
  })

  test.each([
    ['.log', 100, 'isvalid: false'],
    ['.index', 19, 'Mismatches in'],
    ['.timeindex', 15, 'Found timestamp mismatch'],
  ])('complains of a %s that was damaged', async (end, position, complaint) => {
    const file = filesEndingIn(join(directory, 'large-written-0'), end)[0]!
    const whole = readFileSync(file)
    const damaged = Buffer.from(whole)
    damaged[position] = damaged[position]! ^ 1
    writeFileSync(file, damaged)
    const { complaints } = await dumpDirectories(client, [directory])
    writeFileSync(file, whole)
    expect(complaints.join('\n')).toContain(complaint)
  })
})
