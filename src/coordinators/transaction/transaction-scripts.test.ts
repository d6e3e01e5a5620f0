import { testRecordedScripts } from '../test-recorded-scripts.ts'
import { playScript } from './test-script.ts'

testRecordedScripts('transaction', playScript)
