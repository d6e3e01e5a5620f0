import { runProgram } from '../run-program.ts'

const partition = (address: string, topic: string): readonly string[] => ['-b', address, '-t', topic, '-p', '0']

/** Sends a file, a record a line, into partition 0: over several, kcat stalls for half a second now and then. */
export async function kcatProduce(address: string, topic: string, file: string, settings: readonly string[] = []): Promise<void> {
  await runProgram('kcat', ['-P', ...partition(address, topic), '-l', file, ...settings.flatMap((setting) => ['-X', setting])])
}

/**
 * Reads so many records of partition 0 from an offset on; fewer are a failure. Neither does it ask for an offset nor wait for an end: librdkafka
 * now and then waits half a second before its first ListOffsets, when metadata came faster than its threads; and the end of a partition is told
 * by an empty answer, for which its last Fetch waits as long.
 */
export async function kcatFetch(address: string, topic: string, offset: number, records: number): Promise<void> {
  // Each record is printed as one byte, which is enough to count them.
  const words = `-o ${offset} -c ${records} -e -q -f .`.split(' ')
  const printed = await runProgram('kcat', ['-C', ...partition(address, topic), ...words])
  if (printed.length !== records) throw new Error(`kcat read ${printed.length} of ${records} records`)
}

/** Sends one record to a topic that is not there yet, and reads it back. */
export async function kcatRoundTrip(address: string, topic: string): Promise<void> {
  await runProgram('kcat', ['-P', ...partition(address, topic)], 60_000, 'first\n')
  const printed = await runProgram('kcat', ['-C', ...partition(address, topic), '-o', '0', '-c', '1', '-q'], 60_000)
  if (printed !== 'first\n') throw new Error(`kcat read ${JSON.stringify(printed)}`)
}
