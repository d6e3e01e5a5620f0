import type { KafkaError } from '../errors.ts'
import type { AnyField, Decoded, Encodable, Fields } from './field.ts'
import { Message } from './message.ts'
import { type VersionRange, versionRange } from './versions.ts'

/** Answers a whole request with an error. */
export type Refuse<Request, Response> = (request: Request, error: KafkaError) => Response

interface ApiDefinition<Q extends Fields, S extends Fields> {
  /** The number by which requests name it. */
  readonly key: number
  readonly name: string
  readonly versions: string
  readonly flexible: string
  readonly request: Q
  readonly response: S
}

/** A response with an error code at its top says by that how a request is refused; any other schema has to say it. */
type WithRefuse<Q extends Fields, S extends Fields> = 'errorCode' extends keyof S
  ? { readonly refuse?: Refuse<Decoded<Q>, Encodable<S>> }
  : { readonly refuse: Refuse<Decoded<Q>, Encodable<S>> }

/** One API of the protocol: a request, its response, and how it is refused. */
export interface Api<Q, QIn, S, SIn> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  readonly request: Message<Q, QIn>
  readonly response: Message<S, SIn>
  readonly refuse: Refuse<Q, SIn>
}

export function defineApi<const Q extends Fields, const S extends Fields>(
  definition: ApiDefinition<Q, S> & WithRefuse<Q, S>,
): Api<Decoded<Q>, Encodable<Q>, Decoded<S>, Encodable<S>> {
  const { key, name, versions, flexible, refuse } = definition as ApiDefinition<Q, S> & {
    refuse?: Refuse<Decoded<Q>, Encodable<S>>
  }
  return {
    key,
    name,
    versions: versionRange(versions),
    request: new Message({ name: `${name}Request`, versions, flexible, fields: definition.request }),
    response: new Message({ name: `${name}Response`, versions, flexible, fields: definition.response }),
    refuse: refuse ?? ((_request, error) => topLevelRefusal(definition.response, error) as Encodable<S>),
  }
}

function topLevelRefusal(fields: Readonly<Record<string, AnyField>>, error: KafkaError): object {
  return 'errorMessage' in fields ? { errorCode: error.errorCode, errorMessage: error.message } : { errorCode: error.errorCode }
}

/** What a handler of the API is given. */
export type RequestOf<A> = A extends { readonly request: { decode(bytes: Buffer, version: number): infer Q } } ? Q : never
/** What a handler of the API answers. */
export type ResponseOf<A> = A extends { readonly response: { encode(value: infer S, version: number): Buffer } } ? S : never
/** An API of which only the shape matters. */
export type AnyApi = Api<never, unknown, unknown, never>
