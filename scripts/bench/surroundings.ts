import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, projectFolder, testsFolder } from '../../compat-tests/folders.ts'
import { type BrokerChoice, durabilityOf } from './broker-choice.ts'
import { commonProperties } from './broker-under-bench.ts'
import { coldMethod, probeDisk } from './disk.ts'
import { runProgram } from './run-program.ts'

/** What figures cannot be judged without: the machine and how busy it was, versions, settings, what an acknowledgement means. One sentence each. */
export async function describeSurroundings(brokers: readonly BrokerChoice[]): Promise<readonly string[]> {
  const { syncedMegabytesPerSecond, syncMs } = probeDisk()
  const fileSystem = (await said('df', ['--output=fstype', tmpdir()])).split('\n').at(-1)
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  return [
    `Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${gibibytes} GiB, Linux ${release()}; load average before it ${loadavg()[0]!.toFixed(1)}.`,
    `Disk: ${fileSystem}; without a broker it takes ${Math.round(syncedMegabytesPerSecond)} MB/s, synced at the end, and ${syncMs.toFixed(2)} ms for 4 KB and an fdatasync. Cold means by ${coldMethod()}.`,
    `Versions: ${await versions()}.`,
    `Settings of all: ${Object.entries(commonProperties).map(toLine).join(', ')}; Kafka’s heap is ${process.env['KAFKA_HEAP'] || '-Xmx1g'}.`,
    ...(await Promise.all(brokers.map(describeBroker))),
  ]
}

const toLine = ([setting, value]: readonly [string, string]): string => `${setting}=${value}`

async function describeBroker(choice: BrokerChoice): Promise<string> {
  const { name, command, address, properties, checkout } = choice
  const settings = Object.entries(properties).map(toLine)
  const what = checkout
    ? `another checkout, ${await commitOf(checkout)}`
    : command === undefined
      ? `running at ${address}`
      : `\`${command.replaceAll(`${projectFolder}/`, '').replaceAll(projectFolder, '')}\``
  return `${name}: ${what}; ${settings.length > 0 ? settings.join(', ') : 'no others'}; acks=all is ${durabilityOf(choice)}.`
}

async function versions(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }
  const kcat = await said('kcat', ['-V'])
  const franzGo = readFileSync(join(testsFolder, 'franz-go', 'go.mod'), 'utf8').match(/franz-go v(\S+)/)?.[1]
  return [
    `Grete ${version} (${await commitOf(projectFolder)}) on Node ${(await said('node', ['--version'])).slice(1)}`,
    `Apache Kafka and its tools ${kafkaVersion()} on ${(await said('java', ['--version'])).split('\n')[0]}`,
    `kcat ${kcat.match(/Version ([\d.]+)/)?.[1]} with librdkafka ${kcat.match(/librdkafka ([\d.]+)/)?.[1]}`,
    `franz-go ${franzGo}`,
  ].join('; ')
}

function kafkaVersion(): string {
  try {
    const jars = readdirSync(join(cacheFolder, 'kafka-reference', 'lib'))
    return jars.join(' ').match(/kafka-clients-([\d.]+)\.jar/)?.[1] ?? 'unknown'
  } catch {
    return 'not installed'
  }
}

const commitOf = (folder: string): Promise<string> => said('git', ['-C', folder, 'describe', '--always', '--dirty'])

async function said(program: string, parameters: readonly string[]): Promise<string> {
  try {
    return (await runProgram(program, parameters, 20_000)).trim()
  } catch {
    return 'unknown'
  }
}
