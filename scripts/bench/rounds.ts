import { answersApiVersions } from '../../compat-tests/probe.ts'
import type { BrokerChoice } from './broker-choice.ts'
import { type BrokerUnderBench, startBroker } from './broker-under-bench.ts'
import { kcatFetch, kcatProduce } from './clients/kcat.ts'
import { syncDisk } from './disk.ts'
import { ensureLineFile } from './line-file.ts'
import type { Trial } from './measure.ts'
import type { Measured } from './measurement.ts'
import { clearTopics, makeTopic } from './topics.ts'

/** Told of what a trial on a broker came to, or why it failed. */
export type Report = (broker: BrokerChoice, trial: Trial, round: number, outcome: Measured | Error) => void

const recordBytes = 1_000

type StartedTrial = Extract<Trial, { on: 'started' }>
type RunningTrial = Extract<Trial, { on: 'running' }>

/**
 * Trial by trial, round by round: brokers take turns, every other round in the other order, so that a machine that gets slower meets all alike.
 * Trials that start brokers of their own come first, with nothing else running; the others share brokers that stay up, and so stay warm.
 */
export async function runRounds(
  choices: readonly BrokerChoice[],
  trials: readonly Trial[],
  rounds: number,
  warmUpMegabytes: number,
  report: Report,
): Promise<void> {
  const started = trials.filter((trial): trial is StartedTrial => trial.on === 'started')
  const startable = choices.filter(({ command }) => command !== undefined)
  for (const trial of started) await inTurns(startable, rounds, (choice, round) => runStarted(choice, trial, round, report))
  const running = trials.filter((trial): trial is RunningTrial => trial.on === 'running')
  if (running.length === 0) return
  const brokers = new Map<BrokerChoice, BrokerUnderBench>()
  try {
    for (const choice of choices) brokers.set(choice, await startBroker(choice))
    if (warmUpMegabytes > 0) for (const broker of brokers.values()) await warmUp(broker, warmUpMegabytes)
    for (const trial of running)
      await inTurns(choices, rounds, async (choice, round) => {
        await runRunning(brokers, choice, trial, round, report)
      })
  } finally {
    for (const broker of brokers.values()) await broker.stop()
  }
}

async function inTurns(
  choices: readonly BrokerChoice[],
  rounds: number,
  turn: (choice: BrokerChoice, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round++)
    for (const choice of round % 2 === 1 ? choices : choices.toReversed()) await turn(choice, round)
}

/** A failure is told, and takes the others' numbers with it no more than the exit code. */
async function runStarted(choice: BrokerChoice, trial: StartedTrial, round: number, report: Report): Promise<void> {
  try {
    report(choice, trial, round, await trial.run(choice))
  } catch (error) {
    report(choice, trial, round, error as Error)
  }
  await syncDisk()
}

async function runRunning(
  brokers: Map<BrokerChoice, BrokerUnderBench>,
  choice: BrokerChoice,
  trial: RunningTrial,
  round: number,
  report: Report,
): Promise<void> {
  const broker = brokers.get(choice)!
  try {
    const measured = await trial.run(broker)
    await clearTopics(broker)
    report(choice, trial, round, measured)
  } catch (error) {
    report(choice, trial, round, error as Error)
    await replaceIfBroken(brokers, choice)
  }
}

/** One that no longer answers, or keeps what it should have deleted, would spoil all that follows. */
async function replaceIfBroken(brokers: Map<BrokerChoice, BrokerUnderBench>, choice: BrokerChoice): Promise<void> {
  const broker = brokers.get(choice)!
  const [host = '', port] = broker.address.split(/:(?=\d+$)/)
  if (await answersApiVersions(host, Number(port), 5_000)) {
    try {
      return await clearTopics(broker)
    } catch {}
  }
  if (choice.command === undefined) throw new Error(`${choice.name} no longer works`)
  await broker.stop()
  brokers.set(choice, await startBroker(choice))
}

async function warmUp(broker: BrokerUnderBench, megabytes: number): Promise<void> {
  const records = Math.min(500, megabytes) * 1000
  const file = ensureLineFile(records, recordBytes)
  for (let sent = 0; sent < megabytes * 1000; sent += records) {
    const topic = await makeTopic(broker)
    await kcatProduce(broker.address, topic, file)
    await kcatFetch(broker.address, topic, 0, records)
  }
  await clearTopics(broker)
}
