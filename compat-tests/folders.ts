import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout: this file runs as dist/compat-tests/folders.js. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))

export const testsFolder = join(projectFolder, 'compat-tests')

/** Where setup.sh puts what it installs. */
export const cacheFolder = process.env['GRETE_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'grete')
