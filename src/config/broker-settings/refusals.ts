import type { Refusal } from '../setting.ts'

/*
 * A setting that asks for a protection, or for something that clients or operators rely on, and that is not built, must
 * stop the start: a broker which ran on without it would be less safe than its owner believes.
 */

const ifSet =
  (reason: string): Refusal =>
  (value, name) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0)
      ? null
      : `${name} is set, but ${reason}; remove it to start without.`

const ifOn =
  (reason: string): Refusal =>
  (value, name) =>
    value === true ? `${name} is true, but ${reason}; set it to false to start without.` : null

const ifNot =
  (harmless: string | number, reason: string): Refusal =>
  (value, name) =>
    value === harmless ? null : `${name} is ${value}, but ${reason}; remove it to start without.`

export const authorizer = ifSet('access checks (ACLs) are not built yet')
export const policy = ifSet('policy classes cannot be loaded')
export const quotaCallback = ifSet('quota classes cannot be loaded')
export const delegationTokens = ifSet('delegation tokens are not built yet')
export const configProviders = ifSet('values are not looked up elsewhere: write them out')
export const twoPhaseCommit = ifOn('prepared transactions (KIP-939) are not built yet')
export const tieredStorage = ifOn('tiered storage is not built')
export const connectionRate = ifNot(2147483647, 'the rate of new connections cannot be limited yet')
export const clientAuth = ifNot('none', 'TLS with client certificates is not built yet')
export const principalBuilder = ifNot(
  'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
  'principal classes cannot be loaded',
)
