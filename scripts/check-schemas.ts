import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadSchemas } from '../protocol/vectors/load-schemas.ts'
import { compareSchemas, type Definitions } from './compare-schemas.ts'
import { parseDefinition } from './kafka-definition.ts'
import { readZip } from './read-zip.ts'

/*
 * Compares our schemas, field by field and version by version, with the definitions inside Kafka's own jars:
 *
 *   node dist/scripts/check-schemas.js FOLDER
 *
 * FOLDER holds kafka-clients of two releases: the newest, and 3.9, the last one with the versions that 4.0 dropped (KIP-896).
 * The jars kafka-metadata and kafka-{group,transaction,share}-coordinator may lie beside them: their records are compared as well.
 * Every difference is a line, and the exit code is then 1.
 */

const definitionFile = /^common\/(message|metadata)\/\w+\.json$/
const OLDER = /-3\.9\.\d+\.jar$/
/** Not used here: the principal is passed on to nobody, the headers' schemas stand with the codec, a quorum state is a file of JSON. */
const ignored = /^(DefaultPrincipalData|RequestHeader|ResponseHeader|QuorumStateData)$/

function readDefinitions(folder: string): Map<string, Definitions> {
  const definitions = new Map<string, Definitions>()
  for (const jar of readdirSync(folder).filter((file) => file.endsWith('.jar'))) {
    const inJar = [...readZip(join(folder, jar), definitionFile).values()].map(parseDefinition)
    const unstable = new Set(inJar.filter((one) => one.latestVersionUnstable === true).map(({ name }) => name))
    for (const found of inJar) {
      if (ignored.test(found.name)) continue
      // Only the request says that the last version is not final; it holds for the response, too.
      const definition = { ...found, latestVersionUnstable: unstable.has(found.name.replace(/Response$/, 'Request')) }
      const known = definitions.get(definition.name) ?? { newer: undefined, older: undefined }
      definitions.set(definition.name, OLDER.test(jar) ? { ...known, older: definition } : { ...known, newer: definition })
    }
  }
  return definitions
}

const folder = process.argv[2]
if (folder === undefined) {
  console.error('Usage: check-schemas FOLDER_WITH_KAFKA_JARS')
  process.exit(2)
}
const definitions = readDefinitions(folder)
const schemas = await loadSchemas()
// Records and blobs are compared where their jar is there; a definition without a schema is a difference in any case.
const ofApis = new Set(schemas.apis.flatMap(({ request, response }) => [request.name, response.name]))
const messages = new Map([...schemas.messages].filter(([name]) => definitions.has(name) || ofApis.has(name)))
const lines = compareSchemas({ ...schemas, messages }, definitions)
for (const line of lines) console.log(line)
console.log(`${messages.size} of ${schemas.messages.size} schemas compared, ${lines.length} differences.`)
process.exitCode = lines.length === 0 && definitions.size > 0 ? 0 : 1
