import { expect, test } from '@jest/globals'
import { defaultGatewayIn, descriptorsMaxIn, memoryBytes, openFilesMax, threadPoolSize } from './machine.ts'

test("the default gateway is read from Linux's routing table, and is null elsewhere", () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask',
    'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF',
    'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000',
    '',
  ].join('\n')
  expect(defaultGatewayIn(table)).toBe('172.17.0.1')
  expect(defaultGatewayIn('Iface\tDestination\n')).toBeNull()
  expect(defaultGatewayIn(null)).toBeNull()
})

test('the machine has memory and a thread pool', () => {
  expect(memoryBytes()).toBeGreaterThan(1 << 24)
  expect(threadPoolSize()).toBeGreaterThan(0)
})

test('the descriptors that the process may have are read from Linux, and half of them are for files', () => {
  const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95972                95972                processes
Max open files            ${soft}                 unlimited            files
`
  expect(descriptorsMaxIn(limits('1024'))).toBe(1024)
  expect(descriptorsMaxIn(limits('unlimited'))).toBe(1048576)
  expect(descriptorsMaxIn(limits('1073741816'))).toBe(1048576)
  expect(descriptorsMaxIn(null)).toBe(8192)
  expect(openFilesMax()).toBeGreaterThan(0)
})
