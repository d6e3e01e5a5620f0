import { everydayFlow } from '../everyday-flow.ts'

everydayFlow('platformatic-kafka')
