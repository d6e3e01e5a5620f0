import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { errorCode } from '../../../protocol/errors.ts'
import { describeLogDirs } from '../../../protocol/messages/describe-log-dirs.ts'
import { Broker } from '../../broker.ts'
import { ProtocolClient } from '../../testing/protocol-client.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'describe-log-dirs-'))
})

afterEach(() => rm(root, { recursive: true, force: true }))

async function described() {
  const dataDir = ['one', 'two'].map((name) => join(root, name)).join(',')
  await using broker = await Broker.start({ host: '127.0.0.1', dataDir, topics: { orders: 3 } })
  await using client = await ProtocolClient.connect(Number(broker.bootstrapServers.split(':').at(-1)))
  const { results } = await client.request(describeLogDirs, 5, { topics: null })
  return results.map(({ topics, ...rest }) => ({
    ...rest,
    partitions: topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`)),
  }))
}

test('DescribeLogDirs tells which partitions each directory has; one that failed is answered KAFKA_STORAGE_ERROR', async () => {
  const [one, two] = ['one', 'two'].map((name) => join(root, name)) as [string, string]
  const served = { errorCode: 0, isCordoned: false }
  expect(await described()).toMatchObject([
    { ...served, logDir: one, partitions: ['orders-0', 'orders-2'] },
    { ...served, logDir: two, partitions: ['orders-1'] },
  ])
  await rename(two, join(root, 'away'))
  await writeFile(two, '')
  expect(await described()).toMatchObject([
    { ...served, logDir: one, partitions: ['orders-0', 'orders-2'] },
    { errorCode: errorCode('KAFKA_STORAGE_ERROR'), logDir: two, partitions: [], totalBytes: -1n, usableBytes: -1n },
  ])
})
