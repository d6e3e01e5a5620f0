import { transactionsUnderKills } from '../transactions-under-kills.ts'

transactionsUnderKills('kafkajs', { instances: 1, protocols: ['classic'] })
