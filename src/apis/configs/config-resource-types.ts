import { ConfigResource } from '../../cluster/metadata-image.ts'

/** The kinds of resources that have settings, by their number on the wire: those of the metadata log, and the loggers of a broker. */
export const configResourceTypes = { ...ConfigResource, brokerLogger: 8 } as const
