// Drives kcat: each command is a process of it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { MemberMemory, runCommands } from '../command-loop.js'

const bootstrap = process.argv[2]
const members = new Map()

function start(parameters) {
  const child = spawn('kcat', ['-b', bootstrap, ...parameters], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  child.errors = ''
  child.stderr.on('data', (text) => {
    child.errors += text
  })
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  return child
}

async function run(parameters, input) {
  const child = start(parameters)
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stdin.end(input)
  const { code } = await child.ended
  if (code !== 0) throw new Error(`kcat ${parameters.join(' ')} ended with ${code}: ${child.errors}`)
  return output
}

function toRecord(line) {
  const { topic, partition, offset, key, payload, headers = [] } = JSON.parse(line)
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []))
  return { topic, partition, offset, key, value: payload, headers: Object.fromEntries(pairs) }
}

/** kcat makes no topic but by asking for one that is not there: the broker's default number of partitions holds. */
async function createTopic({ topic }) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const metadata = JSON.parse(await run(['-L', '-J', '-t', topic]))
    const found = metadata.topics.find((candidate) => candidate.topic === topic)
    if (found && !found.error && found.partitions.length > 0 && found.partitions.every(({ leader }) => leader >= 0)) return
    await wait(100)
  }
  throw new Error(`${topic} was not made`)
}

async function produce({ topic, codec, headers, records }) {
  const headerFlags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const lines = records.map(({ key, value }) => `${key}\t${value}\n`).join('')
  await run(['-P', '-t', topic, '-z', codec, '-K', '\t', '-X', 'acks=all', ...headerFlags], lines)
}

async function readAll({ topics }) {
  const outputs = await Promise.all(topics.map((topic) => run(['-C', '-q', '-e', '-J', '-t', topic, '-o', 'beginning'], '')))
  return { records: outputs.flatMap((output) => output.split('\n').filter(Boolean).map(toRecord)) }
}

/** Its assignment is what it says of it: "% Group … rebalanced (…): assigned: topic [0], topic [1]". */
function noteAssignment(memory, line) {
  if (!/rebalanced/.test(line)) return
  memory.assignment = /: assigned:/.test(line) ? [...line.matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition)) : []
}

async function open({ member, group, topic, limit }) {
  const memory = new MemberMemory(Number.POSITIVE_INFINITY)
  const settings = [
    'auto.offset.reset=earliest',
    'session.timeout.ms=10000',
    'heartbeat.interval.ms=500',
    'fetch.wait.max.ms=200',
  ]
  const parameters = ['-J', '-u', '-c', String(limit), ...settings.flatMap((setting) => ['-X', setting]), '-G', group, topic]
  const child = start(parameters)
  createInterface({ input: child.stderr }).on('line', (line) => noteAssignment(memory, line))
  const printed = createInterface({ input: child.stdout })
  printed.on('line', (line) => memory.take(toRecord(line)))
  const emptied = new Promise((resolve) => printed.on('close', resolve))
  members.set(member, { child, memory, limit, emptied })
}

/** kcat commits by itself, at its end at the latest; with its limit reached it ends by itself. */
async function finish({ child, memory, emptied }) {
  const { code, signal } = await child.ended
  await emptied
  if (code !== 0 && signal === null) throw new Error(`kcat ended with ${code}: ${child.errors}`)
  return memory.handOut()
}

await runCommands({
  createTopic,
  produce,
  readAll,
  open,
  poll: async ({ member }) => members.get(member).memory.handOut(),
  commit: async ({ member }) => {
    const entry = members.get(member)
    return entry.memory.count >= entry.limit ? finish(entry) : entry.memory.handOut()
  },
  close: async ({ member }) => {
    const entry = members.get(member)
    members.delete(member)
    entry.child.kill('SIGINT')
    return finish(entry)
  },
})
