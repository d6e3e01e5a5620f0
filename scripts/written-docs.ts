import { apiTable } from '../src/apis/table.ts'
import { greteSettings } from '../src/config/broker-settings/grete.ts'
import { groupSettings } from '../src/config/broker-settings/groups.ts'
import { kraftSettings } from '../src/config/broker-settings/kraft.ts'
import { logSettings } from '../src/config/broker-settings/log.ts'
import { networkSettings } from '../src/config/broker-settings/network.ts'
import { nodeSettings } from '../src/config/broker-settings/node.ts'
import { quotaSettings } from '../src/config/broker-settings/quotas.ts'
import { replicationSettings } from '../src/config/broker-settings/replication.ts'
import { saslSettings } from '../src/config/broker-settings/sasl.ts'
import { securitySettings } from '../src/config/broker-settings/security.ts'
import { shareGroupSettings } from '../src/config/broker-settings/share-groups.ts'
import { tieredStorageSettings } from '../src/config/broker-settings/tiered-storage.ts'
import { transactionSettings } from '../src/config/broker-settings/transactions.ts'
import { type Setting, validValues } from '../src/config/setting.ts'

const areas: readonly (readonly [string, Readonly<Record<string, Setting>>])[] = [
  ['Of Grete alone', greteSettings],
  ['Node', nodeSettings],
  ['Network', networkSettings],
  ['Log', logSettings],
  ['Groups', groupSettings],
  ['Share groups', shareGroupSettings],
  ['Transactions', transactionSettings],
  ['Replication', replicationSettings],
  ['Metadata log', kraftSettings],
  ['Quotas', quotaSettings],
  ['Security', securitySettings],
  ['SASL', saslSettings],
  ['Tiered storage', tieredStorageSettings],
]

/** docs/settings.md, as the rows of the settings have it. */
export function settingsPage(): string {
  const all = areas.flatMap(([, settings]) => Object.entries(settings))
  const names = (status: Setting['status']): string =>
    all
      .filter(([, setting]) => setting.status === status)
      .map(([name]) => `\`${name}\``)
      .sort()
      .join(', ')
  return `# Settings

<!-- Written by \`npm run docs\` from src/config/broker-settings; a test compares. -->

Names, types, units and defaults are those of Apache Kafka 4.4, where it has the setting. They are given in a file (\`grete start server.properties\`), by
\`--set name=value\`, or by a variable of the environment as Kafka's own images read it (\`KAFKA_NUM_PARTITIONS\` is \`num.partitions\`); flags win over the
environment, the environment over the file. \`grete start --print-config\` shows what holds and where it came from. A name that is close to one of these stops
the start with the right one; any other unknown name is one warning. A listener's own value stands behind \`listener.name.NAME.\`.

A setting of a feature that is not built yet is checked and shown, and waits for the feature.

${areas.map(areaSection).filter(Boolean).join('\n')}
## Accepted, and without meaning here

So that a settings file of Kafka works as it stands. The start names those that are given in one line.

${names('accepted')}

## Refused

They ask for a protection or a feature that is not built yet. A value that asks for it stops the start; one that asks for nothing does not.

${names('refused')}
`
}

function areaSection([title, settings]: (typeof areas)[number]): string {
  const rows = Object.entries(settings).filter(([, { status, internal }]) => status === 'used' && !internal)
  if (rows.length === 0) return ''
  const lines = rows.map(([name, setting]) => {
    const cells = [
      `\`${name}\``,
      setting.type,
      setting.defaultText === null ? '' : `\`${setting.defaultText}\``,
      validValues(setting),
      setting.doc,
    ]
    return `| ${cells.map((cell) => (cell === '``' ? '' : cell.replaceAll('|', '\\|'))).join(' | ')} |`
  })
  return `## ${title}\n\n| name | type | default | valid values | |\n| --- | --- | --- | --- | --- |\n${lines.join('\n')}\n`
}

/** The README's list of requests, as the table has it. */
export function apiList(): string {
  const items = apiTable.rows.map(
    ({ api, listed }) => `${api.name} ${listed.min === listed.max ? listed.min : `${listed.min}–${listed.max}`}`,
  )
  return `${items.join(', ')}.`
}
