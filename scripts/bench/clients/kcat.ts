import { runProgram } from '../run-program.ts'

const partition = (address: string, topic: string): readonly string[] => ['-b', address, '-t', topic, '-p', '0']

/** Sends a file, a record a line, into partition 0: over several, kcat stalls for half a second now and then. */
export async function kcatProduce(address: string, topic: string, file: string, settings: readonly string[] = []): Promise<void> {
  await runProgram('kcat', ['-P', ...partition(address, topic), '-l', file, ...settings.flatMap((setting) => ['-X', setting])])
}

/**
 * Reads so many records from an offset of partition 0 (or `beginning`, or -N: the last N); fewer are a failure. It counts them itself, since
 * the end of a partition is told by an empty answer, for which kcat's last Fetch waits half a second.
 */
export async function kcatFetch(address: string, topic: string, from: string, records: number): Promise<void> {
  // Each record is printed as one byte, which is enough to count them.
  const printed = await runProgram('kcat', [
    '-C',
    ...partition(address, topic),
    '-o',
    from,
    '-c',
    String(records),
    '-e',
    '-q',
    '-f',
    '.',
  ])
  if (printed.length !== records) throw new Error(`kcat read ${printed.length} of ${records} records`)
}

/** Sends one record, and reads it back. */
export async function kcatRoundTrip(address: string, topic: string): Promise<void> {
  await runProgram('kcat', ['-P', ...partition(address, topic)], 60_000, 'first\n')
  const printed = await runProgram('kcat', ['-C', ...partition(address, topic), '-o', '-1', '-c', '1', '-q'], 60_000)
  if (printed !== 'first\n') throw new Error(`kcat read ${JSON.stringify(printed)}`)
}
