import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { VERSION } from '../version.ts'
import { startCommand } from './start-command.ts'

const examples: readonly (readonly [string, string])[] = [
  ['$0 start', 'on 127.0.0.1:9092 and ::1, with data in ./grete-data'],
  ['$0 start --memory --topic orders:6', 'keeps nothing; a topic with six partitions from the start'],
  ['$0 start config/server.properties', "with Apache Kafka's own settings file"],
  ['$0 start --set log.retention.hours=24', "any of Kafka's settings"],
  ['KAFKA_NUM_PARTITIONS=4 $0 start', "the same through the environment, as Kafka's images read it"],
  ['$0 start --print-config', 'what holds, and from where; starts nothing'],
]

const parser = yargs(hideBin(process.argv))
  .scriptName('grete')
  .usage('$0 <command>\n\nA server that speaks the Kafka wire protocol.')
  .command(
    ['start [properties]'],
    'Start a broker and serve until Ctrl-C',
    (command) =>
      command
        .positional('properties', { type: 'string', describe: "A server.properties file, as Apache Kafka's" })
        .option('port', { type: 'number', describe: 'Port of the first listener [9092]; 0: a free one' })
        .option('host', { type: 'string', describe: 'Address of the first listener [localhost]; 0.0.0.0: all of IPv4' })
        .option('data-dir', { type: 'string', describe: 'Where data is kept [./grete-data]' })
        .option('memory', { type: 'boolean', describe: 'Keep everything in memory, nothing on disk' })
        .option('node-id', { type: 'number', describe: 'The number of this node [1]' })
        .option('set', {
          type: 'string',
          array: true,
          nargs: 1,
          describe: "name=value: any of Kafka's settings; may be repeated",
        })
        .option('topic', {
          type: 'string',
          array: true,
          nargs: 1,
          describe: 'name or name:partitions: a topic to create if it is missing; may be repeated',
        })
        .option('log-level', {
          type: 'string',
          describe: 'trace, debug, info, warn, error, fatal or silent [info]; trace shows every request',
        })
        .option('print-config', { type: 'boolean', describe: 'Show every setting, its value and where it came from, and end' })
        .example(examples.map(([line, meaning]): [string, string] => [line, meaning]))
        .epilogue('Flags win over the environment (KAFKA_…), the environment over the file.'),
    async (flags) => {
      process.exitCode = await startCommand(flags)
    },
  )
  .demandCommand(1, 'Say what to do: grete start')
  .strict()
  .version(VERSION)
  .help()
  .alias('h', 'help')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    if (error !== undefined && error !== null) throw error
    console.error(`${message}\nTry: grete --help`)
    process.exit(1)
  })

await parser.parseAsync()
