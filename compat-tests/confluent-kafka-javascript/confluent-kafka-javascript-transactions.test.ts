import { transactionsUnderKills } from '../transactions-under-kills.ts'

transactionsUnderKills('confluent-kafka-javascript', { instances: 2, protocols: ['classic', 'consumer'] })
