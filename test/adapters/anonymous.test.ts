import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import { createServer } from 'node:http'
import { createResourceServer, isAuthError } from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forFetch from 'oauth-resource-server/fetch'
import * as forKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Listener, listening } from '../support/stack.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const challenge = 'Bearer realm="https://api.test"'

async function answerOf(listener: Listener): Promise<unknown> {
  const stack = await listening(createServer((req, res) => void listener(req, res)))
  onTestFinished(() => stack.close())
  const { status, headers } = await fetch(stack.origin)
  return [status, headers.get('www-authenticate'), headers.get('cache-control')]
}

describe.each(['respond', 'throw'] as const)(
  'getAuth() for an anonymous caller, with onError: %s',
  (onError) => {
    const api = createResourceServer({ ...issuer.options, optional: true, onError })

    it('is a 401 with its headers on Express', async () => {
      const app = express()
      app.set('env', 'test')
      app.get('/', forExpress.verifyJwt(api), (req, res) => void res.json(forExpress.getAuth(req).subject))
      expect(await answerOf(app as Listener)).toEqual([401, challenge, 'no-store'])
    })

    it('is a 401 with its headers on Fastify', async () => {
      const app = fastify()
      await app.register(forFastify.verifyJwt, { api })
      app.get('/', (request) => forFastify.getAuth(request).subject)
      const { statusCode, headers } = await app.inject('/')
      expect([statusCode, headers['www-authenticate'], headers['cache-control']]).toEqual([
        401,
        challenge,
        'no-store',
      ])
      expect(headers['content-type']).toContain('application/json')
    })

    it('is a 401 with its headers on Koa', async () => {
      const app = new Koa()
      app.silent = true
      app.use(forKoa.verifyJwt(api))
      app.use((ctx) => void (ctx.body = forKoa.getAuth(ctx).subject))
      expect(await answerOf(app.callback() as Listener)).toEqual([401, challenge, 'no-store'])
    })

    it('is thrown with its headers on fetch, also through protect()', async () => {
      const expected = {
        name: 'MissingTokenError',
        headers: { 'WWW-Authenticate': challenge, 'Cache-Control': 'no-store' },
      }
      const request = new Request('https://api.test/')
      await forFetch.verifyJwt(api)(request)
      expect(() => forFetch.getAuth(request)).toThrow(expect.objectContaining(expected) as Error)
      const route = forFetch.protect(api)((req) => Response.json(forFetch.getAuth(req).subject))
      await expect(route(request)).rejects.toMatchObject(expected)
      await route(request).catch((error: unknown) => expect(isAuthError(error)).toBe(true))
    })
  },
)

it('is reported once per request, however often a handler tries', async () => {
  const refused: unknown[] = []
  const api = createResourceServer({
    ...issuer.options,
    optional: true,
    onRefused: (_error, request) => refused.push(request),
  })
  const get = forFetch.protect(api)((request) => {
    const tries = [1, 2].map(() => {
      try {
        return forFetch.getAuth(request).subject
      } catch (error) {
        return isAuthError(error) && error.reason
      }
    })
    return Response.json(tries)
  })
  const requests = [1, 2].map(() => new Request('http://api.test/'))
  for (const request of requests) expect(await (await get(request)).json()).toEqual(['missing', 'missing'])
  expect(refused).toEqual(requests)
})
