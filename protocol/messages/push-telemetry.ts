import { defineApi } from '../schema/api.ts'
import { bool, bytes, int8, int16, int32, uuid } from '../schema/field.ts'

/** A client's metrics (KIP-714). */
export const pushTelemetry = defineApi({
  key: 72,
  name: 'PushTelemetry',
  versions: '0',
  flexible: '0+',
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: bool,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
})
