import { everydayFlow } from '../everyday-flow.ts'

everydayFlow('kafkajs')
