export { type ApiRow, ApiTable } from './api-table.ts'
export type { Answer, ConnectionFacts, RequestContext, Services, Started } from './context.ts'
