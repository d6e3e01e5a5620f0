import { accepted, refused } from '../setting.ts'
import * as refusals from './refusals.ts'

/** Access checks, tokens, TLS. */
export const securitySettings = {
  'authorizer.class.name': refused.string('', 'The class that checks access; empty for none.', {
    importance: 'low',
    refuse: refusals.authorizer,
  }),
  'principal.builder.class': refused.class(
    'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    'The class that makes a principal from a connection.',
    { update: 'per-broker', refuse: refusals.principalBuilder },
  ),
  'delegation.token.secret.key': refused.password(null, 'The key that signs delegation tokens; set, they are enabled.', {
    refuse: refusals.delegationTokens,
  }),
  'delegation.token.max.lifetime.ms': accepted.long(604800000, 'The longest milliseconds that a delegation token may live.', {
    min: 1,
  }),
  'delegation.token.expiry.time.ms': accepted.long(86400000, 'The milliseconds after which a delegation token must be renewed.', {
    min: 1,
  }),
  'delegation.token.expiry.check.interval.ms': accepted.long(
    3600000,
    'The milliseconds between two looks for expired delegation tokens.',
    { min: 1, importance: 'low' },
  ),
  'ssl.client.auth': refused.string('none', 'Whether TLS clients must show a certificate: none, requested or required.', {
    oneOf: ['required', 'requested', 'none'],
    update: 'per-broker',
    refuse: refusals.clientAuth,
  }),
  'ssl.protocol': accepted.string('TLSv1.3', 'The TLS protocol of a new context.', { update: 'per-broker' }),
  'ssl.provider': accepted.string(null, 'The Java provider of TLS.', { update: 'per-broker' }),
  'ssl.cipher.suites': accepted.list([], 'The cipher suites that are offered; empty is the default set.', {
    update: 'per-broker',
  }),
  'ssl.enabled.protocols': accepted.list(['TLSv1.2', 'TLSv1.3'], 'The TLS versions that are offered.', { update: 'per-broker' }),
  'ssl.keystore.type': accepted.string('JKS', 'The format of the key store: JKS, PKCS12 or PEM.', { update: 'per-broker' }),
  'ssl.keystore.location': accepted.string(null, 'The file of the key store.', { update: 'per-broker' }),
  'ssl.keystore.password': accepted.password(null, 'The password of the key store.', { update: 'per-broker' }),
  'ssl.key.password': accepted.password(null, 'The password of the private key.', { update: 'per-broker' }),
  'ssl.keystore.key': accepted.password(null, 'The private key, as PEM text.', { update: 'per-broker' }),
  'ssl.keystore.certificate.chain': accepted.password(null, 'The certificate chain, as PEM text.', { update: 'per-broker' }),
  'ssl.truststore.type': accepted.string('JKS', 'The format of the trust store: JKS, PKCS12 or PEM.', { update: 'per-broker' }),
  'ssl.truststore.location': accepted.string(null, 'The file of the trust store.', { update: 'per-broker' }),
  'ssl.truststore.password': accepted.password(null, 'The password of the trust store.', { update: 'per-broker' }),
  'ssl.truststore.certificates': accepted.password(null, 'The trusted certificates, as PEM text.', { update: 'per-broker' }),
  'ssl.keymanager.algorithm': accepted.string('SunX509', 'The Java algorithm of the key manager.', { update: 'per-broker' }),
  'ssl.trustmanager.algorithm': accepted.string('PKIX', 'The Java algorithm of the trust manager.', { update: 'per-broker' }),
  'ssl.endpoint.identification.algorithm': accepted.string(
    'https',
    "How a server's host name is checked; empty for not at all.",
    { importance: 'low', update: 'per-broker' },
  ),
  'ssl.secure.random.implementation': accepted.string(null, 'The Java random source of TLS.', {
    importance: 'low',
    update: 'per-broker',
  }),
  'ssl.engine.factory.class': accepted.class(null, 'The class that makes TLS engines.', {
    importance: 'low',
    update: 'per-broker',
  }),
  'ssl.principal.mapping.rules': accepted.string('DEFAULT', "Rules from a certificate's name to a principal.", {
    importance: 'low',
  }),
  'ssl.allow.dn.changes': accepted.boolean(false, 'Whether a reloaded certificate may have another distinguished name.', {
    importance: 'low',
  }),
  'ssl.allow.san.changes': accepted.boolean(false, 'Whether a reloaded certificate may have other alternative names.', {
    importance: 'low',
  }),
}
