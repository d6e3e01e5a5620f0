import { everydayFlow } from '../everyday-flow.ts'

everydayFlow('kafka-python')
