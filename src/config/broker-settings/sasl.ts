import { accepted } from '../setting.ts'

/** SASL. */
export const saslSettings = {
  'sasl.enabled.mechanisms': accepted.list(['GSSAPI'], 'The SASL mechanisms that are offered.', { update: 'per-broker' }),
  'sasl.mechanism.inter.broker.protocol': accepted.string('GSSAPI', 'The SASL mechanism that nodes use among themselves.', {
    update: 'per-broker',
  }),
  'sasl.mechanism.controller.protocol': accepted.string('GSSAPI', 'The SASL mechanism that nodes use towards controllers.', {
    importance: 'high',
  }),
  'sasl.jaas.config': accepted.password(null, 'The login module of a listener and mechanism, in JAAS form.', {
    update: 'per-broker',
  }),
  'sasl.server.callback.handler.class': accepted.class(null, 'The class that checks credentials.'),
  'sasl.server.max.receive.size': accepted.int(524288, 'The bytes of the largest message before a login is complete.'),
  'sasl.client.callback.handler.class': accepted.class(null, 'The class that gives credentials to a client.'),
  'sasl.login.class': accepted.class(null, 'The class of a login.'),
  'sasl.login.callback.handler.class': accepted.class(null, 'The class that gives credentials to a login.'),
  'sasl.login.connect.timeout.ms': accepted.int(null, 'The milliseconds in which a connection to a token provider must stand.', {
    importance: 'low',
  }),
  'sasl.login.read.timeout.ms': accepted.int(null, 'The milliseconds in which a token provider must answer.', {
    importance: 'low',
  }),
  'sasl.login.retry.backoff.ms': accepted.long(100, 'The first wait, in milliseconds, after a failed login.', {
    importance: 'low',
  }),
  'sasl.login.retry.backoff.max.ms': accepted.long(10000, 'The longest wait, in milliseconds, after failed logins.', {
    importance: 'low',
  }),
  'sasl.login.refresh.window.factor': accepted.double(0.8, "The share of a credential's life after which it is renewed.", {
    update: 'per-broker',
  }),
  'sasl.login.refresh.window.jitter': accepted.double(0.05, 'The random share that is added to that.', { update: 'per-broker' }),
  'sasl.login.refresh.min.period.seconds': accepted.short(60, 'The least seconds between two renewals of a credential.', {
    update: 'per-broker',
  }),
  'sasl.login.refresh.buffer.seconds': accepted.short(300, 'The seconds before its end in which a credential is renewed.', {
    update: 'per-broker',
  }),
  'sasl.kerberos.service.name': accepted.string(null, 'The Kerberos name of the broker.', { update: 'per-broker' }),
  'sasl.kerberos.kinit.cmd': accepted.string('/usr/bin/kinit', 'The command that renews a Kerberos ticket.', {
    update: 'per-broker',
  }),
  'sasl.kerberos.ticket.renew.window.factor': accepted.double(0.8, "The share of a ticket's life after which it is renewed.", {
    update: 'per-broker',
  }),
  'sasl.kerberos.ticket.renew.jitter': accepted.double(0.05, 'The random share that is added to that.', { update: 'per-broker' }),
  'sasl.kerberos.min.time.before.relogin': accepted.long(60000, "The milliseconds between two looks at a ticket's life.", {
    update: 'per-broker',
  }),
  'sasl.kerberos.principal.to.local.rules': accepted.list(['DEFAULT'], 'Rules from a Kerberos name to a principal.', {
    update: 'per-broker',
  }),
  'sasl.oauthbearer.jwks.endpoint.url': accepted.string(null, 'The address of the keys that sign tokens.'),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': accepted.long(3600000, 'The milliseconds between two reads of those keys.', {
    importance: 'low',
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': accepted.long(
    100,
    'The first wait, in milliseconds, after a failed read of those keys.',
    { importance: 'low' },
  ),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': accepted.long(
    10000,
    'The longest wait, in milliseconds, after failed reads of those keys.',
    { importance: 'low' },
  ),
  'sasl.oauthbearer.token.endpoint.url': accepted.string(null, 'The address that issues tokens.'),
  'sasl.oauthbearer.expected.audience': accepted.list([], 'The audiences of which a token must name one.', {
    importance: 'high',
  }),
  'sasl.oauthbearer.expected.issuer': accepted.string(null, 'The issuer that a token must name.', { importance: 'high' }),
  'sasl.oauthbearer.allow.unverified.audience': accepted.boolean(false, "Whether a token's audience goes unchecked."),
  'sasl.oauthbearer.allow.unverified.issuer': accepted.boolean(false, "Whether a token's issuer goes unchecked."),
  'sasl.oauthbearer.clock.skew.seconds': accepted.int(30, 'The seconds by which clocks may differ.', { importance: 'low' }),
  'sasl.oauthbearer.scope': accepted.string(null, 'The scope that a client asks for.'),
  'sasl.oauthbearer.scope.claim.name': accepted.string('scope', "The claim that holds a token's scope.", { importance: 'low' }),
  'sasl.oauthbearer.sub.claim.name': accepted.string('sub', "The claim that holds a token's subject.", { importance: 'low' }),
  'sasl.oauthbearer.jwt.retriever.class': accepted.class(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
    'The class that fetches tokens.',
  ),
  'sasl.oauthbearer.jwt.validator.class': accepted.class(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
    'The class that checks tokens.',
  ),
  'sasl.oauthbearer.client.credentials.client.id': accepted.string(null, 'The id of a client that asks for a token.'),
  'sasl.oauthbearer.client.credentials.client.secret': accepted.password(null, 'The secret of a client that asks for a token.'),
  'sasl.oauthbearer.assertion.algorithm': accepted.string('RS256', 'The algorithm that signs an assertion.', {
    oneOf: ['ES256', 'RS256'],
    ignoreCase: true,
  }),
  'sasl.oauthbearer.assertion.claim.aud': accepted.string(null, 'The audience of an assertion.'),
  'sasl.oauthbearer.assertion.claim.exp.seconds': accepted.int(300, 'The seconds for which an assertion holds.', {
    min: 0,
    max: 86400,
    importance: 'low',
  }),
  'sasl.oauthbearer.assertion.claim.iss': accepted.string(null, 'The issuer of an assertion.'),
  'sasl.oauthbearer.assertion.claim.jti.include': accepted.boolean(false, 'Whether an assertion has an id.'),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': accepted.int(
    60,
    "The seconds by which an assertion's start lies in the past.",
    { min: 0, max: 3600, importance: 'low' },
  ),
  'sasl.oauthbearer.assertion.claim.sub': accepted.string(null, 'The subject of an assertion.'),
  'sasl.oauthbearer.assertion.file': accepted.string(null, 'The file that holds an assertion.'),
  'sasl.oauthbearer.assertion.private.key.file': accepted.string(null, 'The file of the key that signs an assertion.'),
  'sasl.oauthbearer.assertion.private.key.passphrase': accepted.password(null, 'The password of that key.'),
  'sasl.oauthbearer.assertion.template.file': accepted.string(null, 'The file with the fixed part of an assertion.'),
}
