import { systemErrorCode } from '../../environment/files.ts'
import { StorageError } from '../storage.ts'

const noRoomCodes = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** What the system refused, as a storage failure; one that is a storage failure already stays as it is. */
export function storageFailure(error: unknown, what: string): StorageError {
  if (error instanceof StorageError) return error
  const code = systemErrorCode(error)
  const message = `${what}: ${error instanceof Error ? error.message : (code ?? String(error))}`
  return new StorageError(code !== null && noRoomCodes.includes(code) ? 'full' : 'io', message, { cause: error })
}

/** What the system says in `run` becomes a storage failure; a bug stays one. */
export async function orFailure<T>(run: () => Promise<T>, what: string): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw systemErrorCode(error) === null ? error : storageFailure(error, what)
  }
}
