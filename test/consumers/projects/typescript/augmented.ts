import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import type { Auth } from 'oauth-resource-server'
import 'oauth-resource-server/express/augment'
import 'oauth-resource-server/fastify/augment'
import 'oauth-resource-server/koa/augment'

/** Each of them may be missing: a caller may be anonymous. */
export const callers: (Auth | undefined)[] = []

express().use((req) => void callers.push(req.auth))
fastify().get('/', (request) => void callers.push(request.auth))
new Koa().use((ctx) => void callers.push(ctx.state.auth))

// @ts-expect-error it may be missing
express().use((req) => void req.auth.subject)
