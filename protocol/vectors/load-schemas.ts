import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyApi } from '../schema/api.ts'
import { Message } from '../schema/message.ts'

/** A message of which only the shape matters, as tests and the schema check go through all of them. */
export type AnyMessage = Message<unknown, unknown>

export interface Schemas {
  readonly apis: readonly AnyApi[]
  /** Requests and responses, blobs, keys and values of records, by Kafka's name (`FetchRequest`). */
  readonly messages: ReadonlyMap<string, AnyMessage>
  /** The number by which an API or a kind of record is known, by the same names. */
  readonly keys: ReadonlyMap<string, number>
}

const folders = ['messages', 'coordinator-records', 'metadata-records']

/** All schemas that there are, found as the files that define them, so that none can be forgotten in a list. */
export async function loadSchemas(): Promise<Schemas> {
  const protocol = dirname(dirname(fileURLToPath(import.meta.url)))
  const apis: AnyApi[] = []
  const messages = new Map<string, AnyMessage>()
  const keys = new Map<string, number>()
  const add = (message: AnyMessage, key?: number): void => {
    messages.set(message.name, message)
    if (key !== undefined) keys.set(message.name, key)
  }
  for (const folder of folders) {
    for (const file of readdirSync(join(protocol, folder)).filter(isModule)) {
      const module = (await import(pathToFileURL(join(protocol, folder, file)).href)) as Record<string, unknown>
      for (const value of Object.values(module)) {
        const { key, type, request, response, message, value: stored } = Object(value) as Record<string, unknown>
        if (value instanceof Message) add(value as AnyMessage)
        else if (request instanceof Message && response instanceof Message) {
          apis.push(value as AnyApi)
          for (const side of [request, response]) add(side as AnyMessage, key as number)
        } else if (key instanceof Message && stored instanceof Message) {
          for (const side of [key, stored]) add(side as AnyMessage, type as number)
        } else if (message instanceof Message) add(message as AnyMessage, type as number)
      }
    }
  }
  return { apis, messages, keys }
}

const isModule = (file: string): boolean => /\.[jt]s$/.test(file) && !/\.(d|test)\.[jt]s$/.test(file)
