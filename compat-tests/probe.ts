import { connect } from 'node:net'

/** ApiVersions version 0, correlation id 1, no client id, behind its length. */
const apiVersionsRequest = Buffer.from('0000000a0012000000000001ffff', 'hex')

/** Whether a Kafka broker answers there: it answers ApiVersions only when it can serve. */
export function answersApiVersions(host: string, port: number, limitMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs })
    let received = Buffer.alloc(0)
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => socket.write(apiVersionsRequest))
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      // Length, correlation id, error code.
      if (received.length >= 10) end(received.readInt32BE(4) === 1 && received.readInt16BE(8) === 0)
    })
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
    socket.on('close', () => end(false))
  })
}
