import { expect, it } from 'vitest'
import { dpop } from '../examples/sender-constrained/dpop.ts'
import { mtls } from '../examples/sender-constrained/mtls.ts'
import { stepUp } from '../examples/sender-constrained/step-up.ts'

async function printedBy(example: (print: (line: string) => void) => Promise<void>): Promise<string[]> {
  const lines: string[] = []
  await example((line) => void lines.push(line))
  return lines
}

it('dpop.ts: openid-client uses its bound token, and a thief cannot', async () => {
  expect(await printedBy(dpop)).toEqual([
    'first call with a proof: 200 {"reports":[],"scheme":"DPoP"}',
    'second call with a proof: 200 {"reports":[],"scheme":"DPoP"}',
    'the token alone: 401 invalid_token',
    'a proof of another key: 401 invalid_token',
  ])
})

it('mtls.ts: openid-client uses its bound token with its certificate, and a thief cannot', async () => {
  expect(await printedBy(mtls)).toEqual([
    'with the certificate: 200 {"reports":[],"client":"nightly-job"}',
    'the token alone: 401',
    'another certificate: 401',
  ])
})

it('step-up.ts: the client follows the challenge to a stronger login, once', async () => {
  expect(await printedBy(stepUp)).toEqual([
    'the user logs in: pwd',
    'GET /reports: 200 {"acr":"pwd"}',
    'POST /transfers: 401, needs {"acr_values":"mfa","max_age":"300"}',
    'the user logs in: mfa',
    'POST /transfers: 200 {"acr":"mfa"}',
    'POST /transfers: 200 {"acr":"mfa"}',
  ])
})
