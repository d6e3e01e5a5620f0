import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { DirectoryClient } from './directory-client.ts'
import { filesEndingIn, partitionFolders } from './log-files.ts'

const METADATA = '__cluster_metadata'

const decoders: Readonly<Record<string, string>> = {
  __consumer_offsets: '--offsets-decoder',
  __transaction_state: '--transaction-log-decoder',
  [METADATA]: '--cluster-metadata-decoder',
}

/** How the tool tells of something wrong among what it prints of sound records. */
const WRONG = /isvalid: false|invalid bytes|Error at |Unknown record type|Could not|Failed to decode/

/**
 * What the tool prints as an error, without what it says of sound logs: that the first offset of a segment follows -1, and
 * that compaction leaves gaps.
 */
function complaintsIn(errors: string): string[] {
  const complaints: string[] = []
  let heading = ''
  for (const line of errors.split('\n').filter((text) => text !== '')) {
    if (/^Non-consecutive offsets in /.test(line)) heading = line
    else if (heading !== '' && /^ {2}\d* ?/.test(line) && line.startsWith('  ')) {
      if (!/^ {2}-1 is followed by /.test(line) && !heading.includes('/compacted-')) complaints.push(heading + line)
    } else {
      heading = ''
      complaints.push(line)
    }
  }
  return complaints
}

export interface DumpResult {
  readonly complaints: readonly string[]
  /** How many records were printed, by the decoder that was asked for; the others under `--print-data-log`. */
  readonly records: ReadonlyMap<string, number>
}

/** What kafka-dump-log says of all files of data directories that a broker has left. */
export async function dumpDirectories(client: DirectoryClient, directories: readonly string[]): Promise<DumpResult> {
  const complaints: string[] = []
  const records = new Map<string, number>()
  const run = async (options: readonly string[], files: readonly string[]): Promise<void> => {
    if (files.length === 0) return
    const { output, errors } = await client.dump([...options, '--files', files.join(',')])
    let file = ''
    for (const line of output.split('\n')) {
      if (line.startsWith('Dumping ')) file = line.slice('Dumping '.length)
      if (line.startsWith('| offset: ')) records.set(options.at(-1)!, (records.get(options.at(-1)!) ?? 0) + 1)
      if (WRONG.test(line)) complaints.push(`${options.join(' ')}: ${file}: ${line}`)
    }
    complaints.push(...complaintsIn(errors).map((line) => `${options.join(' ')}: ${line}`))
  }
  const folders = directories.flatMap(partitionFolders)
  const contents = new Map<string, string[]>()
  for (const folder of folders) {
    const decoder = decoders[basename(folder).replace(/-\d+$/, '')] ?? ''
    const files = filesEndingIn(folder, '.log', '.checkpoint', '.snapshot', '.txnindex')
    contents.set(decoder, [...(contents.get(decoder) ?? []), ...files])
  }
  const bootstrap = directories.map((directory) => join(directory, 'bootstrap.checkpoint')).filter((file) => existsSync(file))
  contents.set(decoders[METADATA]!, [...(contents.get(decoders[METADATA]!) ?? []), ...bootstrap])
  for (const [decoder, files] of contents) {
    await run(['--deep-iteration', ...(decoder === '' ? ['--print-data-log'] : [decoder])], files)
  }
  const indexes = folders.flatMap((folder) => filesEndingIn(folder, '.index', '.timeindex'))
  await run(['--verify-index-only'], indexes)
  await run(['--index-sanity-check'], indexes)
  for (const log of folders.flatMap((folder) => filesEndingIn(folder, '.log'))) {
    for (const end of ['.index', '.timeindex']) {
      const index = log.replace(/\.log$/, end)
      if (!existsSync(index)) complaints.push(`${index} is missing`)
    }
  }
  return { complaints, records }
}
