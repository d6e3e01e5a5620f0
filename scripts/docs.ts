import { readFileSync, writeFileSync } from 'node:fs'
import { apiList, settingsPage, withPart } from './written-docs.ts'

/* Writes those parts of the documentation that derive from the code: `npm run docs`. */

writeFileSync('docs/settings.md', settingsPage())
writeFileSync('README.md', withPart(readFileSync('README.md', 'utf8'), 'apis', apiList()))
