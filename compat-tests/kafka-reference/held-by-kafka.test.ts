import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { BrokerProcess } from '../broker-process.ts'
import { cacheFolder, projectFolder } from '../folders.ts'
import { runProgram } from '../run-program.ts'

test('a data directory that Apache Kafka holds is left alone, and Kafka named', async () => {
  await using kafka = await BrokerProcess.start({ command: 'compat-tests/kafka-reference/broker.sh' })
  const data = join(kafka.folder, 'data')
  const node = join(cacheFolder, 'node', '22', 'bin', 'node')
  const { code, errors } = await runProgram(node, [
    join(projectFolder, 'dist/grete.js'),
    'start',
    '--data-dir',
    data,
    '--port',
    '0',
  ])
  expect(errors).toBe(`The data directory ${data} is in use by process ${kafka.pid} (java).\n`)
  expect(code).toBe(1)
})
