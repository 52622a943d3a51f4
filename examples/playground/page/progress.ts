/** What a newcomer has done of the first steps. Kept for this tab, since signing in leaves the page. */
import { useEffect, useState } from 'preact/hooks'
import type { State } from '../protocol.ts'
import type { Result } from './playground.ts'

/** The first steps, in the order in which they are shown. */
export const firstSteps = [
  { name: 'alice', text: 'Sign in as alice, who is an admin', section: 'sign-in' },
  { name: 'bob', text: 'Sign out, and sign in as bob, who is not', section: 'sign-in' },
  { name: 'forbidden', text: 'Let bob delete a report, and read why he may not', section: 'call' },
  { name: 'revoked', text: 'Revoke a token, and see it refused', section: 'refresh' },
  { name: 'rotated', text: 'Rotate the keys, and watch the APIs follow', section: 'keys' },
] as const

export type FirstStep = (typeof firstSteps)[number]['name']

const place = 'first-steps'

/** The steps that are done, the ones of this very result included. */
export function useProgress(state: State | undefined, result: Result | undefined): ReadonlySet<FirstStep> {
  const [done, setDone] = useState(() => new Set(read()))
  useEffect(() => {
    const more = stepsOf(state, result).filter((step) => !done.has(step))
    if (more.length === 0) return
    const all = new Set([...done, ...more])
    sessionStorage.setItem(place, [...all].join(' '))
    setDone(all)
  }, [state, result])
  return done
}

function stepsOf(state: State | undefined, result: Result | undefined): FirstStep[] {
  const user = state?.user?.name
  const steps: FirstStep[] = user === 'alice' || user === 'bob' ? [user] : []
  if (result === undefined) return steps
  const { action, outcome } = result
  if (action === 'call' && outcome.decisions.some(({ status }) => status === 403)) steps.push('forbidden')
  if (action === 'revoke') steps.push('revoked')
  if (action === 'rotate-keys') steps.push('rotated')
  return steps
}

function read(): FirstStep[] {
  const kept = (sessionStorage.getItem(place) ?? '').split(' ')
  return firstSteps.map(({ name }) => name).filter((name) => kept.includes(name))
}
