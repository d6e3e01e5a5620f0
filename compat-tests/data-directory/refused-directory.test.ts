import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Kafka, logLevel } from 'kafkajs'
import { BrokerProcess, defaultBrokerCommand } from '../broker-process.ts'
import { waitUntil } from '../wait-until.ts'

async function createTopic(address: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
  await admin.disconnect()
}

test('a directory of Kafka’s whose metadata log is gone is refused with the reason, and left alone', async () => {
  await using broker = await BrokerProcess.start({ command: 'compat-tests/apache-kafka/control.sh' })
  await createTopic(broker.address, 'orphaned')
  await broker.end()
  const log = join(broker.folder, 'data', '__cluster_metadata-0')
  rmSync(log, { recursive: true })
  const printed = broker.output.length
  broker.command = process.env['BROKER_CMD'] || defaultBrokerCommand
  const child = broker.spawn()
  const code = await waitUntil(
    async () => child.exitCode ?? undefined,
    () => `the start is refused: ${broker.output.slice(printed)}`,
  )
  expect(broker.output.slice(printed)).toContain('no __cluster_metadata-0')
  expect(code).toBe(1)
  expect(existsSync(log)).toBe(false)
  expect(existsSync(join(broker.folder, 'data', 'orphaned-0', 'partition.metadata'))).toBe(true)
})
