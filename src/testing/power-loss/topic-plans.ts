import type { TopicPlan } from './promised-state.ts'

const plan = (name: string, partitions: number, configs: TopicPlan['configs'], rest: Partial<TopicPlan> = {}): TopicPlan => ({
  name,
  partitions,
  configs,
  retentionMs: null,
  isCompacted: false,
  ...rest,
})

const retentionMs = 700
const smallSegments = { 'internal.segment.bytes': '6000' }

/** The topics of a run: each is there for one thing that happens to files. */
export const topicPlans = {
  /** A log of one segment that only grows. */
  plain: plan('plain', 1, {}),
  /** Many partitions that are written at once. */
  wide: plan('wide', 12, { 'internal.segment.bytes': '30000' }),
  /** Segments that are rolled all the time. */
  rolled: plan('rolled', 2, { ...smallSegments, 'segment.index.bytes': '48', 'index.interval.bytes': '500' }),
  sequenced: plan('sequenced', 3, smallSegments),
  ledger: plan('ledger', 2, smallSegments),
  /** Its records are deleted on request. */
  trimmed: plan('trimmed', 1, smallSegments),
  short: plan(
    'short',
    1,
    { ...smallSegments, 'retention.ms': String(retentionMs), 'file.delete.delay.ms': '100' },
    { retentionMs },
  ),
  keyed: plan(
    'keyed',
    2,
    { ...smallSegments, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1', 'segment.ms': '400' },
    { isCompacted: true },
  ),
  /** Deleted and made again. */
  passing: plan('passing', 3, smallSegments),
} as const
