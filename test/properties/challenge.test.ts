import fc from 'fast-check'
import {
  type AuthError,
  createResourceServer,
  ForbiddenError,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  MissingTokenError,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

const { options } = await createTestIssuer({ algorithms: ['EdDSA'] })

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"', '\\', '\r\nX: y', 'a"b\\c', ', Basic realm="x"', 'é'),
)
const realm = text.filter((one) => one !== '')
const scopes = fc.array(text, { maxLength: 4 })
const reasons = ['malformed', 'type', 'signature', 'expired', 'claim', 'binding'] as const

const error: fc.Arbitrary<AuthError> = fc.oneof(
  fc.constant(new MissingTokenError()),
  text.map((message) => new InvalidRequestError(message)),
  fc.constantFrom(...reasons).map((reason) => new InvalidTokenError(reason)),
  scopes.map((names) => new InsufficientScopeError(names)),
  fc.constantFrom('role', 'claim', 'forbidden').map((reason) => new ForbiddenError(reason as 'role')),
  fc.double().map((seconds) => new UpstreamError(seconds)),
)

/** What a client reads of one challenge (RFC 9110 §11.6.1); throws for what the grammar does not allow. */
function readChallenge(header: string): { scheme: string; parameters: Map<string, string> } {
  const scheme = /^[!#$%&'*+\-.^_`|~\w]+/.exec(header)?.[0] ?? expect.fail('no scheme')
  const parameters = new Map<string, string>()
  let rest = header.slice(scheme.length)
  for (let separator = ' '; rest !== ''; separator = ', ') {
    if (!rest.startsWith(separator)) expect.fail(`expected ${JSON.stringify(separator)} at ${rest}`)
    // RFC 6750 §3: a value holds neither quotes nor backslashes, so no escape has to be understood.
    const match = /^([a-z_]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"/.exec(rest.slice(separator.length))
    if (match === null) return expect.fail(`no parameter at ${rest}`)
    const [whole, name, value] = match as unknown as [string, string, string]
    expect(parameters.has(name)).toBe(false)
    parameters.set(name, value)
    rest = rest.slice(separator.length + whole.length)
  }
  return { scheme, parameters }
}

function apiOf(name: string): ReturnType<typeof createResourceServer> | undefined {
  try {
    return createResourceServer({ ...options, realm: name })
  } catch (refused) {
    expect(refused).toBeInstanceOf(TypeError)
    return undefined
  }
}

describe('a refusal, whatever the realm, the error and its scopes', () => {
  it('has one challenge that can be read back (RFC 9110 §11.6.1, RFC 6750 §3)', () => {
    let challenges = 0
    fc.assert(
      fc.property(realm, error, (name, refused) => {
        const header = apiOf(name)?.refuse(refused).headers['WWW-Authenticate']
        if (header === undefined) return
        challenges++
        const { scheme, parameters } = readChallenge(header)
        expect(scheme).toBe('Bearer')
        expect(parameters.get('realm')).toBe(name)
        expect(parameters.get('error')).toBe(refused.code)
        expect(parameters.has('error_description')).toBe(refused.code !== undefined)
        // No scope is no `scope`: the grammar has no empty one (RFC 6749 §3.3).
        const { scopes: needed } = refused as { scopes?: readonly string[] }
        expect(parameters.has('scope')).toBe(needed !== undefined && needed.length > 0)
      }),
      { numRuns: 400 },
    )
    expect(challenges).toBeGreaterThan(50)
  })

  it('is challenged exactly where a token, or a better one, would help (RFC 6750 §3.1)', () => {
    const api = createResourceServer(options)
    fc.assert(
      fc.property(error, (refused) => {
        const challenged = Object.hasOwn(api.refuse(refused).headers, 'WWW-Authenticate')
        expect(challenged).toBe(refused.status < 500 && refused.code !== 'forbidden')
      }),
    )
  })

  it('is JSON, never stored, and says when to come back where that is the point', () => {
    const api = createResourceServer(options)
    fc.assert(
      fc.property(error, (refused) => {
        const { status, headers, body } = api.refuse(refused)
        expect(status).toBe(refused.status)
        expect(headers['Cache-Control']).toBe('no-store')
        expect(JSON.parse(body)).toMatchObject({
          error: refused.code ?? (status === 503 ? 'temporarily_unavailable' : 'unauthorized'),
          error_description: refused.message,
        })
        expect(/^[1-9]\d*$/.test(headers['Retry-After'] ?? '')).toBe(status === 503)
      }),
    )
  })

  it('names the scopes of a route in a form a client can ask for', () => {
    const api = createResourceServer(options)
    const name = fc.string({ unit: fc.constantFrom(...Array.from("!#[]~azAZ09:/.-_+'")), minLength: 1 })
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const { headers } = api.refuse(new InsufficientScopeError(names))
        const { parameters } = readChallenge(headers['WWW-Authenticate'] ?? '')
        expect(parameters.get('scope')?.split(' ')).toEqual(names)
      }),
    )
  })
})
