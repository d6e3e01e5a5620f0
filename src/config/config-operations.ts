import { KafkaError } from '../../protocol/errors.ts'
import type { Setting } from './setting.ts'

/** `AlterConfigOp` of IncrementalAlterConfigs. */
export const configOperations = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export interface ConfigChange {
  readonly name: string
  readonly operation: number
  readonly value: string | null
}

/** Refuses changes of one resource that make no sense together: a setting named twice, or a value that is missing. */
export function checkConfigChanges(changes: readonly ConfigChange[]): void {
  const names = changes.map(({ name }) => name)
  if (new Set(names).size !== names.length) {
    throw new KafkaError('INVALID_REQUEST', 'Error due to duplicate config keys')
  }
  const nulls = changes.filter(({ operation, value }) => value === null && operation !== configOperations.delete)
  if (nulls.length > 0) {
    throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`)
  }
}

/**
 * What the settings of a resource become. APPEND and SUBTRACT begin from the value that is set, else from Kafka's default;
 * a list may become empty.
 */
export function applyConfigChanges(
  current: ReadonlyMap<string, string>,
  changes: readonly ConfigChange[],
  settingOf: (name: string) => Setting | null,
): Map<string, string> {
  const changed = new Map(current)
  for (const { name, operation, value } of changes) {
    switch (operation) {
      case configOperations.set:
        changed.set(name, value ?? '')
        break
      case configOperations.delete:
        changed.delete(name)
        break
      case configOperations.append:
      case configOperations.subtract: {
        const setting = settingOf(name)
        const word = operation === configOperations.append ? 'APPEND' : 'SUBTRACT'
        if (setting?.type !== 'list') {
          throw new KafkaError('INVALID_CONFIG', `Can't ${word} to key ${name} because its type is not LIST.`)
        }
        const elements = split(changed.get(name) ?? setting.defaultText ?? '')
        changed.set(name, (word === 'APPEND' ? append(elements, split(value)) : subtract(elements, split(value))).join(','))
        break
      }
      default:
        throw new KafkaError('INVALID_REQUEST', `Unknown operation type ${operation}`)
    }
  }
  return changed
}

const split = (text: string | null): string[] => (text ?? '').split(',').filter((element) => element !== '')

const append = (elements: readonly string[], more: readonly string[]): string[] => [...new Set([...elements, ...more])]

const subtract = (elements: readonly string[], less: readonly string[]): string[] =>
  elements.filter((element) => !less.includes(element))
