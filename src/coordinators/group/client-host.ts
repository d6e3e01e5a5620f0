/**
 * An address as Java prints it, which is how tools show the hosts of a group's members: `/127.0.0.1`,
 * `/0:0:0:0:0:0:0:1`.
 */
export function clientHostText(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return `/${mapped[1]}`
  return `/${address.includes(':') ? withoutGap(address) : address}`
}

function withoutGap(address: string): string {
  const [before = '', after] = address.split('::')
  const left = before === '' ? [] : before.split(':')
  if (after === undefined) return address
  const right = after === '' ? [] : after.split(':')
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].join(':')
}
