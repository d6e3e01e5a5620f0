import type { AnyApi } from './api.ts'
import { int16, int32, nullable, string } from './field.ts'
import { type DecodedOf, defineMessage } from './message.ts'
import type { Reader } from './reader.ts'

/*
 * What stands before every body. Version 2 of the request header (version 1 of the response's) adds a tagged section and belongs to
 * the flexible versions of an API. The client id keeps its int16 length even there, so that any broker can read the header of
 * any request; hence the header's fields are not all of one kind, and the tagged section is a message of its own.
 */

const requestHeaderFields = defineMessage({
  name: 'RequestHeader',
  versions: '0-2',
  flexible: 'none',
  fields: {
    requestApiKey: int16,
    requestApiVersion: int16,
    correlationId: int32,
    clientId: nullable(string).since(1).default(''),
  },
})

const tags = defineMessage({ name: 'HeaderTags', versions: '0', flexible: '0+', fields: {} })

export const responseHeader = defineMessage({
  name: 'ResponseHeader',
  versions: '0-1',
  flexible: '1+',
  fields: { correlationId: int32 },
})

export type RequestHeader = DecodedOf<typeof requestHeaderFields>

export const requestHeaderVersion = (api: AnyApi, version: number): number => (api.request.isFlexible(version) ? 2 : 1)

/** ApiVersions' answer always has the old header: its reader does not know yet what the broker speaks (KIP-511). */
export const responseHeaderVersion = (api: AnyApi, version: number): number =>
  api.key === 18 || !api.response.isFlexible(version) ? 0 : 1

export { requestHeaderFields as requestHeader, tags as headerTags }

/** Reads the part of a request header that is the same for all APIs. */
export const decodeRequestHeader = (reader: Reader): RequestHeader => requestHeaderFields.codec(1).decode(reader)
