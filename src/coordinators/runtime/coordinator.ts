/** A request names its API; `response` is never set, and says by its type what answers it. */
export interface CoordinatorRequest {
  readonly api: string
  readonly response?: object
}

/** What answers a request of a union of them. */
export type ResponseTo<Request extends CoordinatorRequest, R extends Request> = NonNullable<
  Extract<Request, { readonly api: R['api'] }>['response']
>

/** Who asks, as a handler's context has it. */
export interface CoordinatorCaller {
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  readonly principal: string
  readonly connection: {
    readonly id: number
    onClose(run: () => void): () => void
  }
}

/** The one that owns the groups, or the transactional ids, which this node coordinates. */
export interface Coordinator<Request extends CoordinatorRequest> {
  /** `key` is the group or transactional id: it says which partition of the internal topic answers. */
  request<R extends Request>(key: string, request: R, caller: CoordinatorCaller): Promise<ResponseTo<Request, R>>
}
