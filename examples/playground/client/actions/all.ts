import { z } from 'zod'
import { routes } from '../../facts.ts'
import type { ActionName, Actions } from '../../protocol.ts'
import type { Session } from '../sessions.ts'
import type { World } from '../world.ts'
import type { Action, Done } from './action.ts'
import { call, clientCredentials } from './call.ts'
import { dpop, dpopReplay } from './dpop.ts'
import { algorithms, forge } from './forge.ts'
import { issuer, lifetime, rotateKeys } from './issuer.ts'
import { paste, takeTextApart } from './texts.ts'
import { refresh, reuseRefresh, revoke } from './tokens.ts'

/** An action with the shape of what it takes. */
interface Entry<D> {
  readonly shape: z.ZodType<D>
  readonly run: Action<D>
}

const route = z.enum(routes.map(({ name }) => name))
const api = z.enum(['Express', 'Fastify', 'Koa'])

const text = z.string().max(40_000)
const nothing = z.strictObject({})
const seconds = z.number().int().min(5).max(900)

const actions: { readonly [N in ActionName]?: Entry<Actions[N]> } = {
  call: entry(
    z.strictObject({
      api: api.optional(),
      route,
      token: z.enum(['current', 'previous', 'none', 'id', 'machine']).optional(),
    }),
    call,
  ),
  forge: entry(z.strictObject({ name: z.string().max(100), route: route.optional() }), forge),
  algorithms: entry(nothing, algorithms),
  paste: entry(z.strictObject({ text }), paste),
  'take-apart': entry(z.strictObject({ text }), takeTextApart),
  refresh: entry(nothing, refresh),
  'reuse-refresh': entry(nothing, reuseRefresh),
  revoke: entry(nothing, revoke),
  'client-credentials': entry(z.strictObject({ route }), clientCredentials),
  'rotate-keys': entry(z.strictObject({ withdraw: z.boolean() }), rotateKeys),
  issuer: entry(z.strictObject({ mode: z.enum(['up', 'down', 'hanging']) }), issuer),
  lifetime: entry(z.strictObject({ seconds }), lifetime),
  dpop: entry(nothing, dpop),
  'dpop-replay': entry(z.strictObject({ as: z.enum(['proof', 'bearer']).optional() }), dpopReplay),
}

function entry<D>(shape: z.ZodType, run: Action<D>): Entry<D> {
  return { shape: shape as z.ZodType<D>, run }
}

/** Whether there is an action of this name. */
export function isAction(name: string): name is ActionName {
  return Object.hasOwn(actions, name)
}

/**
 * Runs an action.
 *
 * @param details what the page sent, unchecked
 * @throws {z.ZodError} for details of another shape
 * @throws {Problem} when it makes no sense now
 */
export async function act(world: World, session: Session, name: ActionName, details: unknown): Promise<Done> {
  const { shape, run } = actions[name] as Entry<unknown>
  return run(world, session, shape.parse(details))
}
