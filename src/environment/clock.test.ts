import { describe, expect, test } from '@jest/globals'
import { systemTime, TurnEnd } from './clock.ts'
import { SimulatedClock } from './simulated-clock.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the system clock', () => {
  test('runs a timer once and forgets it', async () => {
    const clock = systemTime()
    await new Promise<void>((resolve) => void clock.after(0, resolve))
    clock.stop()
  })

  test('a stopped clock runs nothing that was asked for before or after', async () => {
    const clock = systemTime()
    const ran: string[] = []
    clock.after(0, () => ran.push('before'))
    clock.stop()
    clock.after(0, () => ran.push('after'))
    await new Promise<void>((resolve) => setTimeout(resolve, 5))
    expect(ran).toEqual([])
  })

  test('a delay beyond the longest timeout of the system does not run at once', async () => {
    const clock = systemTime()
    let ran = false
    const timer = clock.after(2 ** 40, () => {
      ran = true
    })
    await new Promise<void>((resolve) => setTimeout(resolve, 5))
    expect(ran).toBe(false)
    timer.cancel()
  })
})

describe('the end of a turn', () => {
  test('what is asked for at the end of a turn waits for the next one', async () => {
    const end = new TurnEnd()
    const ran: string[] = []
    end.add(() => {
      ran.push('first')
      end.add(() => ran.push('third'))
    })
    end.add(() => ran.push('second'))
    await turn()
    expect(ran).toEqual(['first', 'second'])
    await turn()
    expect(ran).toEqual(['first', 'second', 'third'])
  })
})

describe('the simulated clock', () => {
  test('runs timers in the order in which they fall due, each at its time', async () => {
    const clock = new SimulatedClock(1000)
    const ran: [string, number][] = []
    clock.after(30, () => ran.push(['c', clock.nowMs()]))
    clock.after(10, () => ran.push(['a', clock.nowMs()]))
    clock.after(10, () => ran.push(['b', clock.nowMs()]))
    clock.after(31, () => ran.push(['never', 0]))
    await clock.advance(30)
    expect(ran).toEqual([
      ['a', 1010],
      ['b', 1010],
      ['c', 1030],
    ])
    expect(clock.nowMs()).toBe(1030)
    expect(clock.timerCount).toBe(1)
  })

  test('a timer set by a promise that an earlier timer settled still runs within the stretch', async () => {
    const clock = new SimulatedClock(0)
    const ran: number[] = []
    const slept = new Promise<void>((resolve) => void clock.after(10, resolve))
    void slept.then(() => clock.after(5, () => ran.push(clock.nowMs())))
    await clock.advance(20)
    expect(ran).toEqual([15])
  })

  test('a cancelled timer does not run', async () => {
    const clock = new SimulatedClock(0)
    let ran = false
    clock
      .after(1, () => {
        ran = true
      })
      .cancel()
    await clock.advance(10)
    expect(ran).toBe(false)
  })
})
