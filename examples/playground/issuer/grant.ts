import type { Context, Grant } from 'oidc-provider'
import { audience, scopes, users } from '../facts.ts'

/**
 * Grants what the user may have, and rejects the rest: the sign-in page has said so, and the client is the playground's
 * own. A server with clients of other people asks the user here.
 */
export async function grantAtOnce({ oidc }: Context): Promise<Grant | undefined> {
  const { account, client, provider } = oidc
  if (account === undefined) return undefined
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  const allowed = users[account.accountId]?.scopes ?? []
  const rejected = scopes.filter((scope) => !allowed.includes(scope))
  grant.addOIDCScope('openid')
  grant.addResourceScope(audience, allowed.join(' '))
  if (rejected.length > 0) grant.rejectResourceScope(audience, rejected.join(' '))
  await grant.save()
  return grant
}
