/** Bytes that compare as Kafka compares topic ids: as two signed 64-bit integers, the higher one first. */
export function orderableTopicId(topicId: string): Buffer {
  const bytes = Buffer.from(topicId, 'base64url')
  bytes[0]! ^= 0x80
  bytes[8]! ^= 0x80
  return bytes
}
