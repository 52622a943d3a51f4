import { describe, expect, it } from 'vitest'
import { formHint, schemeHint } from '../../src/hints/form.ts'

describe('the hint about the form', () => {
  it.each([
    ['', /empty/],
    ['undefined', /placeholder/],
    ...['null', 'NONE', '[object Object]', '<token>', '{{ token }}', '${TOKEN}'].map(
      (text): [string, RegExp] => [text, /placeholder/],
    ),
    ['undefined.b.c', /base64url/],
    ['a.b.undefined', /base64url/],
    ['bearer', /twice/],
    ['bearers.b.c', /base64url/],
    ['Bearer abc', /twice/],
    ...['"a.b.c"', "'a.b.c'", '`a.b.c`'].map((text): [string, RegExp] => [text, /quotes/]),
    ['a."b".c', /base64url/],
    ['a.b.c d', /white space/],
    ['a bearer', /white space/],
    ['a%2Eb', /URL-encoded/],
    ['ya29.a0', /Google/],
    ...['gho_1', 'ghp_1', 'ghs_1', 'ghu_1', 'github_pat_1'].map((text): [string, RegExp] => [text, /GitHub/]),
    ['ghx_1', /opaque: only/],
    ...['aya29.', 'aghp_', 'aory_at_', 'aoat_', 'aauthelia_at_', 'ya29'].map((text): [string, RegExp] => [
      `${text}x`,
      /^the token is opaque|^a signed token has three/,
    ]),
    ['ory_at_x', /Hydra/],
    ['oat_x', /Clerk/],
    ['authelia_at_x', /Authelia/],
    ['a.b.c.d.e', /encrypted \(JWE\)/],
    ['abc', /opaque/],
    ['a.b.c', /base64url/],
    ['a.b.', /^the signature is missing: .*alg none/],
    ['a.b', /^a signed token has three parts/],
    ['a.b.c.d', /^a signed token has three parts/],
    ['a.b.c.d.e.f', /^a signed token has three parts/],
    ['.'.repeat(10_000), /three parts/],
  ])('tells what %s is', (token, hint) => {
    expect(formHint(token)).toMatch(hint)
  })

  it.each([
    ['', /empty/],
    ['  ', /empty/],
    ['abc', /without a scheme/],
    ['  abc ', /without a scheme/],
    ...['Digest', 'Negotiate', 'NTLM', 'JWT', 'ApiKey', 'Api-Key', 'Key', 'OAuth', 'AWS4-HMAC-SHA256'].map(
      (name): [string, RegExp] => [
        `${name.toUpperCase()}  abc`,
        new RegExp(`has the scheme ${name}: the word`),
      ],
    ),
    ['Basic abc', /scheme Basic/],
    ['token abc', /scheme Token/],
    ['DPoP abc', /scheme DPoP: set dpop/],
    ['Basic abc', /Bearer, or DPoP where dpop is set/],
    ['s3cret abc', /neither Bearer nor DPoP/],
  ])('tells what the Authorization header %s is, without what may be a token', (value, hint) => {
    expect(schemeHint(value)).toMatch(hint)
    expect(schemeHint(value)).not.toMatch(/s3cret|abc/)
  })
})
