import type { AnyApi, Api } from '../../protocol/schema/api.ts'
import { includes, type VersionRange, versionRange } from '../../protocol/schema/versions.ts'
import type { Handler, PipelinedHandler, RequestContext, Started } from './context.ts'

/** One API as the broker serves it. */
export interface ApiRow {
  readonly api: AnyApi
  /** What ApiVersions says. */
  readonly listed: VersionRange
  /** What is answered; any other version closes the connection. */
  readonly served: VersionRange
  readonly pipelined: boolean
  start(request: unknown, context: RequestContext): Started<unknown>
}

type Versions = string | { readonly listed: string; readonly served: string }

function ranges(versions: Versions): { listed: VersionRange; served: VersionRange } {
  if (typeof versions === 'string') return { listed: versionRange(versions), served: versionRange(versions) }
  return { listed: versionRange(versions.listed), served: versionRange(versions.served) }
}

/** A row: the API, its versions, and who answers it. */
export function api<Q, QIn, S, SIn>(of: Api<Q, QIn, S, SIn>, versions: Versions, handle: Handler<Q, SIn>): ApiRow {
  return {
    api: of as unknown as AnyApi,
    ...ranges(versions),
    pipelined: false,
    start: (request, context) => ({ ordered: undefined, response: handle(request as Q, context) }),
  }
}

/** A row whose handler lets the next request of the connection start before it has answered. */
export function pipelinedApi<Q, QIn, S, SIn>(
  of: Api<Q, QIn, S, SIn>,
  versions: Versions,
  handle: PipelinedHandler<Q, SIn>,
): ApiRow {
  return {
    api: of as unknown as AnyApi,
    ...ranges(versions),
    pipelined: true,
    start: (request, context) => handle(request as Q, context),
  }
}

/** The APIs of a broker, by key. */
export class ApiTable {
  readonly rows: readonly ApiRow[]
  readonly #byKey = new Map<number, ApiRow>()

  constructor(rows: readonly ApiRow[]) {
    this.rows = [...rows].sort((a, b) => a.api.key - b.api.key)
    for (const row of rows) this.#byKey.set(row.api.key, row)
  }

  find(key: number): ApiRow | undefined {
    return this.#byKey.get(key)
  }

  serves(key: number, version: number): ApiRow | undefined {
    const row = this.#byKey.get(key)
    return row !== undefined && includes(row.served, version) ? row : undefined
  }
}
