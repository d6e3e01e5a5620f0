import { everydayFlow } from '../everyday-flow.ts'

everydayFlow('franz-go')
