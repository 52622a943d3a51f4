import diagnostics from 'node:diagnostics_channel'
import { channelNames, createResourceServer, explain } from 'oauth-resource-server'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { guardMistakes, type Mistake, requestMistakes, tokenMistakes } from './mistakes.ts'
import { canary, type Said, watchedOutputs } from './outputs.ts'
import { everywhere, inTurn, run } from './run.ts'
import { openWorld } from './world.ts'

// explain() has to name cause, values and fix; the response, nothing.

const world = await openWorld()
const outputs = watchedOutputs()
afterEach(() => world.server.heal())
afterAll(() => world.close())

async function isExplained(_name: string, framework: string, mistake: Mistake): Promise<void> {
  const { refusals, status, body } = await run(mistake, framework, world, outputs)
  expect(refusals, 'one refusal').toHaveLength(1)
  const line = explain(refusals[0])
  expect(line).toMatch(mistake.line)
  expect(line).not.toMatch(/\n/)
  expect(status).toBe(mistake.status ?? 401)
  // Fixed text: nothing of the token, the configuration or the network.
  const { error, error_description: description, ...rest } = JSON.parse(body) as Record<string, string>
  expect([error, description]).toEqual([expect.any(String), expect.stringMatching(/^[A-Z][A-Za-z ]+$/)])
  expect(rest).toEqual({})
}

describe('a mistake is explained in one line, and no secret is anywhere', () => {
  it.each(everywhere(requestMistakes))('in the request: %s, on %s', isExplained)
  it.each(everywhere(guardMistakes))('behind a guard: %s, on %s', isExplained)
  it.each(inTurn(tokenMistakes))('in the token or the options: %s, on %s', isExplained)

  it('is told to onRefused by verify() as well, without a request', async () => {
    const refusals: unknown[][] = []
    const api = createResourceServer({
      ...world.issuer.options,
      onRefused: (...given) => void refusals.push(given),
    })
    const token = await world.issuer.sign({ exp: 1 })
    const error: unknown = await api.verify(token).catch((it: unknown) => it)
    expect(refusals).toEqual([[error, undefined]])
    expect(outputs.messages).toMatchObject([{ reason: 'expired', status: 401 }])
    outputs.expectNothingOf(token, { api, errors: [error] })
  })
})

describe('the search for secrets', () => {
  const api = createResourceServer(world.issuer.options)
  const hidden = Object.defineProperty(new Error('no'), Symbol('claims'), { value: { a: [{ b: canary }] } })

  it.each<[string, () => Partial<Said>]>([
    ['a line of pino', () => (outputs.log(new Error(canary)), {})],
    ['console', () => (console.info({ a: { b: { c: { d: canary } } } }), {})],
    ['the standard error output', () => (process.stderr.write(canary), {})],
    [
      'a message of the diagnostics channels',
      () => (diagnostics.channel(channelNames.refused).publish({ canary }), {}),
    ],
    ['a header', () => ({ headers: new Headers({ 'x-a': canary }) })],
    ['a body', () => ({ body: canary })],
    ['an error, where only inspect() looks', () => ({ errors: [hidden] })],
    ['the cause of an error', () => ({ errors: [new Error('no', { cause: canary })] })],
  ])('looks at %s', (_name, say) => {
    const said: Said = { api, errors: [], ...say() }
    expect(() => outputs.expectNothingOf('a.b.c', said)).toThrow(canary)
  })

  it('looks at warnings', async () => {
    process.emitWarning(`of the test: ${canary}`)
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => outputs.expectNothingOf('a.b.c', { api, errors: [] })).toThrow(canary)
  })
})

describe('a mistake that shows at construction', () => {
  it('is a dotted path, and the error names the right one', () => {
    expect(() => createResourceServer({ ...world.issuer.options, roles: 'realm_access.roles' })).toThrow(
      /'\/realm_access\/roles'/,
    )
  })
})
