import { transactionsUnderKills } from '../transactions-under-kills.ts'

transactionsUnderKills('confluent-kafka-python', { instances: 2, protocols: ['classic', 'consumer'] })
