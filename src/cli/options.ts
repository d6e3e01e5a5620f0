/** An option of the command line. */
interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** What its value is called in the help; empty for a switch. */
  readonly value: string
  readonly doc: string
  readonly group: string
}

export const options = {
  port: { type: 'string', value: 'PORT', group: 'Listening', doc: 'its port, 0 for a free one (default: 9092)' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    group: 'Listening',
    doc: 'its address (default: localhost, which is 127.0.0.1 and ::1; for other machines: 0.0.0.0)',
  },
  'data-dir': {
    type: 'string',
    value: 'FOLDER',
    group: 'Data',
    doc: 'where data is kept, in the format of Apache Kafka (default: ./grete-data)',
  },
  memory: { type: 'boolean', value: '', group: 'Data', doc: 'keep nothing on disk: all is gone when it stops' },
  topic: {
    type: 'string',
    multiple: true,
    value: 'NAME[:PARTITIONS]',
    group: 'Data',
    doc: 'create this topic if it is missing; may be repeated (others are created on first use)',
  },
  set: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    group: 'Settings',
    doc: "any of Kafka's broker settings; may be repeated",
  },
  'node-id': { type: 'string', value: 'NUMBER', group: 'Settings', doc: 'the id of this node (default: 1)' },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    group: 'Settings',
    doc: 'trace (every request), debug, info, warn, error, fatal or silent (default: info)',
  },
  'print-config': {
    type: 'boolean',
    value: '',
    group: 'Settings',
    doc: 'print every setting, its value and where that came from, and start nothing',
  },
  help: { type: 'boolean', short: 'h', value: '', group: 'Other', doc: 'print this' },
  version: { type: 'boolean', short: 'v', value: '', group: 'Other', doc: 'print the version' },
} as const satisfies Readonly<Record<string, CommandOption>>

export const optionNames = Object.keys(options)
