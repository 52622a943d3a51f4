import { describe, expect, it } from 'vitest'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import { signedToken } from '../../src/token/signed-token.ts'
import { verification, type VerifiedToken } from '../../src/token/verified-token.ts'
import { stepsOf } from './decision.ts'
import { key, plausible, trusted } from './stages.ts'
import { type Changes, issuer, now } from './verdict.ts'

async function verified(claims: Changes, from: TrustedIssuer, at = now): Promise<VerifiedToken> {
  return verification(await signedToken(plausible(await issuer.sign(claims), from)), at)
}

describe('a verified token', () => {
  it('has what was signed, and how it was checked', async () => {
    const from = trusted()
    const token = await verified({}, from)
    expect(token).toMatchObject({
      header: { alg: 'ES256' },
      issuer: issuer.issuer,
      generation: from.generation,
      key,
      subject: 'user-1',
      clientId: 'client-1',
      scopes: new Set(['read']),
      roles: new Set(['clerk']),
      namesFrom: { scopes: ['scope'], roles: ['roles'] },
    })
    expect(token.times.exp).toBe(now + 300)
  })

  it('does not keep its issuer, whose keys would stay in memory', async () => {
    const from = trusted()
    const kept = Object.values(await verified({}, from)) as unknown[]
    expect(kept).not.toContain(from)
    expect(kept).not.toContain(from.keys)
  })

  it('has no subject and no client where the token names none', async () => {
    const token = await verified({ sub: undefined, client_id: undefined }, trusted())
    expect([token.subject, token.clientId]).toEqual([undefined, undefined])
  })

  it('has the claim that binds it to its sender, and none of a polluted prototype', async () => {
    const cnf = { jkt: 'thumbprint' }
    const token = await verified({ cnf }, trusted())
    expect(token.confirmation).toEqual(cnf)
    expect(token.confirmation).toBe(token.claims['cnf'])
    Object.defineProperty(Object.prototype, 'cnf', { value: cnf, configurable: true })
    try {
      expect((await verified({}, trusted())).confirmation).toBeUndefined()
    } finally {
      Reflect.deleteProperty(Object.prototype, 'cnf')
    }
  })

  it('is refused when it expired while the keys were fetched, before its scopes are read', async () => {
    const from = trusted()
    await expect(verified({}, from, now + 299)).resolves.toBeDefined()
    expect(from.scopesOf).toHaveBeenCalledOnce()
    await expect(verified({}, from, now + 300)).rejects.toMatchObject({ reason: 'expired' })
    expect(from.scopesOf).toHaveBeenCalledOnce()
  })

  it('reads its scopes and roles as one step of a trace', async () => {
    const signed = await signedToken(plausible(await issuer.sign(), trusted()))
    const tokens: VerifiedToken[] = []
    const steps = stepsOf((trace) => void tokens.push(verification(signed, now, trace)))
    expect(steps).toEqual([{ name: 'scopes and roles', ok: true }])
    expect(tokens).toMatchObject([{ subject: 'user-1', scopes: new Set(['read']) }])
  })
})
