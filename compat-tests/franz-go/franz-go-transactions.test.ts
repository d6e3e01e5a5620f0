import { transactionsUnderKills } from '../transactions-under-kills.ts'

transactionsUnderKills('franz-go', { instances: 2, protocols: ['classic', 'consumer'] })
