import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** The build copies no data, so from `dist` too the files are those of the package's own root. */
function vectorFile(name: string): string {
  const inPackage = join('protocol', 'vectors', `${name}.jsonl.gz`)
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, inPackage)
    if (existsSync(path)) return path
    if (folder === dirname(folder)) throw new Error(`There are no vectors ${name}`)
  }
}

/** The lines of one file of vectors, named without its ending: `readVectors<RecordsVector>('records')`. */
export function readVectors<T extends object = Record<string, unknown>>(name: string): T[] {
  const lines = gunzipSync(readFileSync(vectorFile(name))).toString('utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}
