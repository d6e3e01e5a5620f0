import { connect, type Socket } from 'node:net'

/** ApiVersions version 0, correlation id 1, no client id, behind its length: with it every client begins. */
const apiVersionsRequest = Buffer.from('0000000a0012000000000001ffff', 'hex')

/** More at one time, and the queue of those that wait to be accepted overflows. */
const connectingMax = 40

/** Connections that have greeted the broker, as every client does, and ask for nothing more. */
export class IdleConnections implements Disposable {
  readonly #sockets: Socket[] = []
  #lost = 0

  /** How many the broker has closed since. */
  get lost(): number {
    return this.#lost
  }

  async open(host: string, port: number, until: number): Promise<void> {
    while (this.#sockets.length < until) {
      const count = Math.min(connectingMax, until - this.#sockets.length)
      this.#sockets.push(...(await Promise.all(Array.from({ length: count }, () => this.#greet(host, port)))))
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy()
    this.#sockets.length = 0
  }

  #greet(host: string, port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      socket.once('connect', () => socket.write(apiVersionsRequest))
      socket.once('error', reject)
      socket.once('data', () => {
        socket.off('error', reject)
        socket.on('error', () => {})
        socket.on('close', () => this.#lost++)
        resolve(socket)
      })
    })
  }
}
