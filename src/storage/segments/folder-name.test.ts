import { describe, expect, test } from '@jest/globals'
import { deletedFolderName, folderName, isDeletedFolderName, parseFolderName, strayFolderName } from './folder-name.ts'

const uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'

describe('names of folders', () => {
  test('a partition is TOPIC-PARTITION, dashes and dots in the topic included', () => {
    for (const [topic, partition] of [
      ['orders', 0],
      ['a-1', 12],
      ['__cluster_metadata', 0],
      ['x.y_z', 2_147_483_647],
    ] as const) {
      expect(parseFolderName(folderName(topic, partition))).toEqual({ topic, partition })
    }
  })

  test('what is no partition is none', () => {
    for (const name of [
      'orders',
      'orders-',
      '-0',
      'orders-01',
      'orders-x',
      'orders-2147483648',
      'or ders-0',
      `${'n'.repeat(250)}-0`,
    ]) {
      expect(parseFolderName(name)).toBeNull()
    }
    for (const name of [deletedFolderName('orders', 0, uuid), strayFolderName('orders', 0, uuid)])
      expect(parseFolderName(name)).toBeNull()
  })

  test('a deleted folder has 32 hexadecimal digits behind a dot, and a name of at most 255 characters', () => {
    expect(deletedFolderName('orders', 3, uuid)).toBe(`orders-3.${'0'.repeat(31)}1-delete`)
    const longest = deletedFolderName('n'.repeat(249), 123456, uuid)
    expect(longest).toHaveLength(255)
    expect(isDeletedFolderName(longest)).toBe(true)
    expect(isDeletedFolderName('orders-0')).toBe(false)
    expect(isDeletedFolderName('orders-delete')).toBe(false)
  })
})
