import type { MetadataImage, TopicImage } from './metadata-image.ts'

/** What differs between an image and the one before it. */
export interface MetadataDelta {
  readonly previous: MetadataImage
  /** New topics, and topics of which a partition was added or changed. */
  readonly topicsChanged: readonly TopicImage[]
  readonly topicsRemoved: readonly TopicImage[]
  /** Resources whose configs changed. */
  readonly configsChanged: readonly { readonly resourceType: number; readonly resourceName: string }[]
  readonly brokersChanged: boolean
  readonly featuresChanged: boolean
  readonly aclsChanged: boolean
  readonly scramCredentialsChanged: boolean
  readonly quotasChanged: boolean
}
