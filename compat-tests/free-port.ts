import { createServer } from 'node:net'

/** Outgoing connections take their local ports from 32768 on: below it, a port is not taken between look and listen. */
const portMin = 20_000
const portMax = 32_000

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin))
    if (await canListen(port)) return port
  }
  throw new Error('found no free port')
}
