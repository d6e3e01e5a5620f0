import { options } from './options.ts'

const examples: readonly (readonly [string, string])[] = [
  ['grete', 'data in ./grete-data, clients on localhost:9092'],
  ['grete start --memory --topic orders:6', 'keeps nothing; has a topic with six partitions'],
  ['grete start config/server.properties', "with Apache Kafka's own settings file"],
  ['grete start --set log.retention.hours=24', "with any of Kafka's settings"],
  ['KAFKA_NUM_PARTITIONS=4 grete start', "the same from the environment, named as in Kafka's images"],
  ['grete start --host 0.0.0.0 --set advertised.listeners=PLAINTEXT://broker.example:9092', ''],
  ['', 'for clients on other machines, which know this one by that name'],
]

/** All that one needs to know to use the command. */
export function helpText(): string {
  return `Grete is a server that speaks the Kafka wire protocol.

Usage: grete [start] [server.properties] [options]

Starts a broker and serves until Ctrl-C or SIGTERM. Settings have the names, types and defaults of Apache
Kafka's; a settings file is read as it stands. Options win over the environment (KAFKA_...), the environment
over the file. Exit code 0: it was stopped; 1: it could not start, and a sentence says why; 70: a fault of its own.
${groups()}
Examples:
${table(examples)}
`
}

function groups(): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const short = 'short' in option ? `-${option.short}, ` : ''
    return { group: option.group, row: [`${short}--${name} ${option.value}`.trimEnd(), option.doc] as const }
  })
  const names = [...new Set(rows.map(({ group }) => group))]
  return names.map((name) => `\n${name}:\n${table(rows.filter(({ group }) => group === name).map(({ row }) => row))}\n`).join('')
}

const table = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([left, right]) => `  ${left.padEnd(right === '' ? 0 : 42)}${right}`.trimEnd()).join('\n')
