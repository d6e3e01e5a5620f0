import { readFileSync, writeFileSync } from 'node:fs'
import { withPart } from './with-part.ts'
import { apiList, settingsPage } from './written-docs.ts'

/* Writes those parts of the documentation that derive from the code: `npm run docs`. */

writeFileSync('docs/settings.md', settingsPage())
writeFileSync('README.md', withPart(readFileSync('README.md', 'utf8'), 'apis', apiList()))
