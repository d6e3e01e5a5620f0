/** What most file systems allow for one name. */
const nameBytesMax = 255
const deletedSuffix = '-delete'
const straySuffix = '-stray'

/** `orders-0`, as in Kafka. */
export function folderName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** The partition that a folder is for; null for folders that are for none, those of deleted and stray partitions among them. */
export function parseFolderName(name: string): { readonly topic: string; readonly partition: number } | null {
  const match = /^([a-zA-Z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/.exec(name)
  if (match === null) return null
  const partition = Number(match[2])
  return partition < 2 ** 31 ? { topic: match[1]!, partition } : null
}

/** What a folder is called from the moment of its deletion until it is gone. */
export function deletedFolderName(topic: string, partition: number, uuid: string): string {
  return cappedName(topic, partition, uuid, deletedSuffix)
}

/** What Kafka calls a folder that is in the way of the partition it is named after. */
export function strayFolderName(topic: string, partition: number, uuid: string): string {
  return cappedName(topic, partition, uuid, straySuffix)
}

export function isDeletedFolderName(name: string): boolean {
  return /^.*-\d+\.[0-9a-f]{32}-delete$/.test(name)
}

/** Kafka cuts the topic short where the name would be too long: a topic of 249 characters must be deletable. */
function cappedName(topic: string, partition: number, uuid: string, suffix: string): string {
  const behind = `-${partition}.${Buffer.from(uuid, 'base64url').toString('hex')}${suffix}`
  return topic.slice(0, nameBytesMax - behind.length) + behind
}
