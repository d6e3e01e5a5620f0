import { expect, test } from '@jest/globals'
import * as sabotage from './sabotage.ts'
import { Simulation } from './simulation.ts'
import type { Invariant } from './violations.ts'

/** What is broken, and which invariants the simulation then names, the one that is meant first. */
const breaks: readonly (readonly [() => sabotage.Sabotage, Invariant])[] = [
  [sabotage.partitionGivenTwice, 'one-owner'],
  [sabotage.consumerGivenTwice, 'one-owner'],
  [sabotage.generationsFall, 'epochs-rise'],
  [sabotage.commitsAreForgotten, 'offsets-kept'],
  [sabotage.lastStableOffsetRunsAhead, 'committed-reads'],
  [sabotage.duplicatesAreForgotten, 'records-exactly-once'],
  [sabotage.diskForgets, 'records-exactly-once'],
  [sabotage.abortedAreForgotten, 'aborted-list'],
  [sabotage.requestsAreForgotten, 'answered'],
  [sabotage.markersAreForgotten, 'transactions-end'],
  [sabotage.handlerFails, 'no-fault'],
]

test.each(breaks.map(([make, invariant]) => [make.name, invariant, make] as const))(
  'broken on purpose, %s is caught as a violation of %s',
  async (_name, invariant, make) => {
    const { violations } = await new Simulation({ seed: 8, hours: 0.1, sabotage: make() }).run()
    expect(violations.map((violation) => violation.invariant)).toContain(invariant)
  },
)
