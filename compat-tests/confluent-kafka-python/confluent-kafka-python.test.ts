import { everydayFlow } from '../everyday-flow.ts'

everydayFlow('confluent-kafka-python')
