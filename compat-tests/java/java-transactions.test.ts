import { transactionsUnderKills } from '../transactions-under-kills.ts'

transactionsUnderKills('java', { instances: 2, protocols: ['classic', 'consumer'] })
