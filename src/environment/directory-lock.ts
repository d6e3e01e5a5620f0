import * as fs from 'node:fs'
import { readdir, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLock, systemErrorCode } from './files.ts'

/**
 * Locks a file until it is released or this process ends, by kill -9 too. It is a lock of the kernel and conflicts with
 * the one that Apache Kafka takes on the same `.lock` (Java's FileChannel: a POSIX record lock; ours on Linux is an open
 * file description lock, which also excludes a second broker of this process). The file stays: removing it would let two
 * processes lock two files of one name.
 */
export async function tryLockFile(path: string): Promise<FileLock | null> {
  // Native and needed only where there is a directory.
  const { tryLock } = await import('fs-native-extensions')
  const descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
  try {
    if (!tryLock(descriptor)) {
      fs.closeSync(descriptor)
      return null
    }
  } catch (error) {
    fs.closeSync(descriptor)
    // Windows says so when another process holds it.
    if (['EACCES', 'EBUSY', 'EWOULDBLOCK'].includes(systemErrorCode(error) ?? '')) return null
    throw error
  }
  let isHeld = true
  return {
    release: async () => {
      // The system gives the number out again: closing it twice would close somebody else's file.
      if (isHeld) fs.closeSync(descriptor)
      isHeld = false
    },
  }
}

/** Who has the locked file open, for people: 'process 4711 (java)'. Only Linux tells, and only about processes of one's own. */
export async function lockHolder(path: string): Promise<string> {
  const unknown = 'another process'
  if (process.platform !== 'linux') return unknown
  try {
    const target = await realpath(path)
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry) || !(await hasOpen(entry, target))) continue
      if (Number(entry) === process.pid) return 'another broker in this process'
      return `process ${entry} (${fs.readFileSync(`/proc/${entry}/comm`, 'utf8').trim()})`
    }
  } catch {
    // Whoever it was is gone, or is not ours to look at.
  }
  return unknown
}

async function hasOpen(processId: string, target: string): Promise<boolean> {
  const folder = `/proc/${processId}/fd`
  try {
    const links = await Promise.all((await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')))
    return links.includes(target)
  } catch {
    return false
  }
}
