import { type EnsuredTopic, ensureTopics } from '../../cluster/topic-auto-creation.ts'
import type { Services } from '../context.ts'

/** Makes the topics that are not there, under this broker's settings. */
export const ensureTopicsHere = (
  names: readonly string[],
  { cluster, node, environment, ignoresCase }: Services,
): Promise<readonly EnsuredTopic[]> =>
  ensureTopics(cluster, names, { config: node.config, random: environment.random, ignoresCase })
