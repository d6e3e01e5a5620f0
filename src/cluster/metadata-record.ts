/** A record of the metadata log; its schemas are those of `protocol/metadata-records`. */
export interface MetadataRecord {
  readonly name: string
}
