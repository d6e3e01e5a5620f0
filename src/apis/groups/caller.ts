import type { Caller } from '../../coordinators/machine.ts'
import type { RequestContext } from '../context.ts'

/** Who asks, as a coordinator is told. */
export const callerOf = ({ version, clientId, clientHost, principal, connection }: RequestContext): Caller => ({
  version,
  clientId,
  clientHost,
  principal,
  connection: connection.id,
})
