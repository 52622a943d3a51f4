import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express'
import { ZodError } from 'zod'
import type { Files } from '../files.ts'
import { attackIn } from '../other-site/attacks.ts'
import type { Outcome } from '../protocol.ts'
import { Problem } from './actions/action.ts'
import { act, isAction } from './actions/all.ts'
import { refusalOf } from './refusals.ts'
import { sendJson } from './respond.ts'
import { makeSessions, type Session } from './sessions.ts'
import { signInRoutes } from './sign-in.ts'
import { stateOf } from './state.ts'
import type { World } from './world.ts'

/**
 * The client: a server that signs the user in, keeps the tokens, and calls the APIs for its page (backend for
 * frontend). The page has a cookie that no script can read, and no other site can send.
 */
export function clientServer(world: World, files: Files): Express {
  const { urls, recorder, attacks } = world
  const sessions = makeSessions()
  const { login, callback, logout } = signInRoutes(world, sessions)
  const app = express().disable('x-powered-by')

  app.use((request, response, next) => {
    response.set(headers(urls.issuer))
    response.locals['before'] = recorder.last() - 1
    const because = refusalOf(request, urls.client)
    if (because === undefined) {
      if (attackIn(request.url) !== undefined) attacks.note(request, harmless, false)
      next()
      return
    }
    attacks.note(request, because)
    sendJson(response, { error: because }, 403)
  })

  for (const [path, { type, content }] of Object.entries(files)) {
    app.get(path, (_request, response) => void response.type(type).send(content))
  }
  app.get('/login', login)
  app.get('/callback', callback)
  app.post('/logout', logout)

  app.get('/state', (request, response) => {
    sendJson(response, stateOf(world, sessionOf(request, response)))
  })

  // The page asks for /state before it does anything, and has a session from then on.
  function sessionOf(request: Request, response: Response): Session {
    const found = sessions.find(request.headers.cookie)
    if (found !== undefined) return found
    const { session, cookie } = sessions.create()
    session.recordedFrom = recorder.last()
    response.set('set-cookie', cookie)
    return session
  }

  app.post('/do/:name', express.json({ limit: '64kb' }), async (request, response) => {
    const { name } = request.params
    const session = sessions.find(request.headers.cookie)
    if (session === undefined) {
      sendJson(response, { error: 'there is no session: load the page again' }, 403)
    } else if (!request.is('application/json')) {
      sendJson(response, { error: 'only JSON is understood: a form of another site cannot send it' }, 403)
    } else if (isAction(name)) {
      const { calls = [], asItShouldBe, ...done } = await act(world, session, name, request.body)
      recorder.responding(response, 200)
      const outcome: Outcome = {
        ...done,
        asItShouldBe: asItShouldBe && calls.every(({ agrees }) => agrees),
        decisions: calls.map(({ decision }) => decision),
        exchanges: recorder.since(response.locals['before'] as number),
        state: stateOf(world, session),
      }
      sendJson(response, outcome)
    } else {
      sendJson(response, { error: `there is no action ${name}` }, 404)
    }
  })

  app.use(failed)
  return app
}

/** Why a window that the other site opened is let through. */
const harmless =
  'A link may lead here from anywhere. The other page can neither read this one nor script it (Cross-Origin-Opener-Policy).'

/** Nothing from elsewhere, nothing inline; forms may end at the authorization server, which signs users out. */
function headers(issuer: string): Record<string, string> {
  return {
    'content-security-policy': `default-src 'self'; form-action 'self' ${issuer}; frame-ancestors 'none'; base-uri 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

const failed: ErrorRequestHandler = (error: Error, _request, response, next) => {
  if (response.headersSent) {
    next(error)
  } else if (error instanceof Problem) {
    sendJson(response, { error: error.message }, 409)
  } else if (error instanceof ZodError) {
    sendJson(
      response,
      { error: `not understood: ${error.issues.map(({ message }) => message).join('; ')}` },
      400,
    )
  } else {
    const status = (error as { status?: number }).status ?? 500
    sendJson(response, { error: error.message }, status)
  }
}
