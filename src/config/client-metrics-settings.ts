import { used } from './setting.ts'

/** The settings of a client metrics subscription (KIP-714). */
export const clientMetricsSettings = {
  metrics: used.list([], 'The prefixes of the metrics that are asked for; * for all.'),
  'interval.ms': used.int(300000, 'The milliseconds between two pushes of a client, 100 to 3600000.'),
  match: used.list([], 'Which clients are asked, as name=regular expression.'),
}
