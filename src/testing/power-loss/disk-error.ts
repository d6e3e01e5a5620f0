/** As the system says it: without a stack, which costs more than all the rest where a file is often not there. */
export function diskError(code: string, path: string): NodeJS.ErrnoException {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return Object.assign(new Error(`${code}: ${path}`), { code, path })
  } finally {
    Error.stackTraceLimit = limit
  }
}
