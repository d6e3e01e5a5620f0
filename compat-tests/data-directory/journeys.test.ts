import { beforeAll, describe, expect, test } from '@jest/globals'
import { missingForDirectories } from './directory-client.ts'
import { Journey, type JourneyOptions } from './journey.ts'

/** Journeys of one data directory: with `long` those that `make compat` leaves out. */
const journeys: readonly (JourneyOptions & { readonly title: string; readonly long?: boolean })[] = [
  { title: 'of Kafka’s is Grete’s and Kafka’s again', quorum: 'static', stops: ['kafka', 'grete', 'kafka'] },
  { title: 'of Grete’s is Kafka’s and Grete’s again', quorum: 'bootstrap', stops: ['grete', 'kafka', 'grete'], long: true },
  {
    title: 'of Kafka’s moves there and back twice',
    quorum: 'static',
    trimmed: 'by Kafka',
    stops: ['kafka', 'grete', 'kafka', 'grete'],
    long: true,
  },
  {
    title: 'of Kafka’s moves there and back twice',
    quorum: 'bootstrap',
    trimmed: 'by Kafka',
    stops: ['kafka', 'grete', 'kafka', 'grete'],
    long: true,
  },
  { title: 'of Grete’s moves there and back twice', quorum: 'static', stops: ['grete', 'kafka', 'grete', 'kafka'], long: true },
  {
    title: 'of Grete’s moves there and back twice',
    quorum: 'bootstrap',
    stops: ['grete', 'kafka', 'grete', 'kafka'],
    long: true,
  },
  {
    title: 'that a killed Kafka left is Grete’s',
    quorum: 'static',
    stops: ['kafka, killed', 'grete, killed', 'grete', 'kafka', 'grete'],
    long: true,
  },
  {
    title: 'that a killed Grete left is Grete’s, then Kafka’s',
    quorum: 'bootstrap',
    stops: ['grete, killed', 'grete', 'kafka, killed', 'grete', 'kafka'],
    long: true,
  },
  {
    title: 'of two folders moves there and back',
    quorum: 'static',
    directories: 2,
    stops: ['kafka', 'grete', 'kafka', 'grete'],
    long: true,
  },
  {
    title: 'of two folders moves there and back',
    quorum: 'bootstrap',
    directories: 2,
    stops: ['grete', 'kafka', 'grete'],
    long: true,
  },
]

const isLong = process.env['COMPAT_LONG'] === '1'

describe('a data directory', () => {
  beforeAll(() => {
    const missing = missingForDirectories()
    if (missing) throw new Error(`not run: ${missing} is missing; compat-tests/setup.sh installs it`)
  })

  const chosen = journeys.filter(({ long = false }) => isLong || !long)
  test.each(chosen)(
    '$title ($quorum quorum)',
    async (options) => {
      await using journey = await Journey.prepare(options)
      for (const stop of options.stops) {
        await journey.visit(stop)
        expect(journey.faults).toEqual([])
      }
    },
    600_000,
  )
})
