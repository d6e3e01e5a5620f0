import { defineApi } from '../schema/api.ts'
import { array, bool, int16, int32, int64, nullable, string } from '../schema/field.ts'

/**
 * What lies in the broker's log directories (KIP-113).
 *
 * - 1: throttled after the answer (KIP-219) · 2: flexible · 3: an error for the whole answer (KIP-784)
 * - 4: total and usable bytes (KIP-827) · 5: cordoned directories (KIP-1066)
 */
export const describeLogDirs = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  versions: '0-5',
  flexible: '2+',
  request: {
    topics: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ).default([]),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(3),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool,
        }),
      }),
      totalBytes: int64.since(4).default(-1n),
      usableBytes: int64.since(4).default(-1n),
      isCordoned: bool.since(5),
    }),
  },
  // Versions 0 to 2 have nowhere to say it: an answer without log directories.
  refuse: (_request, error) => ({ errorCode: error.errorCode, results: [] }),
})
