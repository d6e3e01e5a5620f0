import { accepted, refused, used } from '../setting.ts'
import * as refusals from './refusals.ts'

/** Quotas and metrics. */
export const quotaSettings = {
  'client.quota.callback.class': refused.class(null, 'A class that decides the quotas of clients.', {
    importance: 'low',
    refuse: refusals.quotaCallback,
  }),
  'quota.window.num': used.int(11, 'The samples that a client quota remembers.', { min: 1, importance: 'low' }),
  'quota.window.size.seconds': used.int(1, 'The seconds of one sample of a client quota.', { min: 1, importance: 'low' }),
  'controller.quota.window.num': used.int(11, 'The samples that the quota of topic changes remembers.', {
    min: 1,
    importance: 'low',
  }),
  'controller.quota.window.size.seconds': used.int(1, 'The seconds of one sample of the quota of topic changes.', {
    min: 1,
    importance: 'low',
  }),
  'replication.quota.window.num': accepted.int(11, 'The samples that the replication quota remembers.', {
    min: 1,
    importance: 'low',
  }),
  'replication.quota.window.size.seconds': accepted.int(1, 'The seconds of one sample of the replication quota.', {
    min: 1,
    importance: 'low',
  }),
  'alter.log.dirs.replication.quota.window.num': accepted.int(11, 'The samples that the quota of directory moves remembers.', {
    min: 1,
    importance: 'low',
  }),
  'alter.log.dirs.replication.quota.window.size.seconds': accepted.int(
    1,
    'The seconds of one sample of the quota of directory moves.',
    { min: 1, importance: 'low' },
  ),
  'metric.reporters': accepted.list(['org.apache.kafka.common.metrics.JmxReporter'], 'Classes that report metrics.', {
    importance: 'low',
    update: 'cluster-wide',
  }),
  'metrics.num.samples': accepted.int(2, 'The samples of a metric.', { min: 1, importance: 'low' }),
  'metrics.recording.level': accepted.string('INFO', 'The level of detail of metrics.', { importance: 'low' }),
  'metrics.sample.window.ms': accepted.long(30000, 'The milliseconds of one sample of a metric.', { min: 1, importance: 'low' }),
  'kafka.metrics.polling.interval.secs': accepted.int(10, 'The seconds between two reports of metrics.', {
    min: 1,
    importance: 'low',
  }),
  'kafka.metrics.reporters': accepted.list([], 'Classes that report the older kind of metrics.', { importance: 'low' }),
}
