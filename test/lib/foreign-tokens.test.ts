import { expect, it } from 'vitest'
import { foreignClaims, foreignTypes } from '../../src/lib/foreign-tokens.ts'

it('knows the claims of ID tokens, logout tokens, presentations and introspection responses', () => {
  expect([...foreignClaims].sort()).toEqual([
    'at_hash',
    'c_hash',
    'events',
    's_hash',
    'token_introspection',
    'vp',
  ])
})

it('knows the types of proofs, logout tokens, events, introspection responses and request objects', () => {
  expect([...foreignTypes].sort()).toEqual([
    'dpop+jwt',
    'logout+jwt',
    'oauth-authz-req+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
  ])
})
