import { createContext } from 'preact'
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { ActionName, Actions, Outcome, State } from '../protocol.ts'
import { readState, runAction } from './server.ts'

/** What an action did, and which it was. */
export interface Result {
  readonly action: ActionName
  readonly outcome: Outcome
}

/** What every part of the page knows and may do. */
export interface Playground {
  readonly state: State
  /** Milliseconds by which the server's clock is ahead of the browser's. */
  readonly clockDifference: number
  readonly result: Result | undefined
  /** Why the last request to the client's server failed. */
  readonly problem: string | undefined
  /** The action that runs. Another one starts only when it has ended. */
  readonly running: ActionName | undefined
  readonly act: <Name extends ActionName>(name: Name, details: Actions[Name]) => void
  /** Reads the state anew, unless an action runs. */
  readonly reload: () => Promise<void>
}

export const PlaygroundContext = createContext<Playground | undefined>(undefined)

/** @throws {Error} outside of the page's context */
export function usePlayground(): Playground {
  const playground = useContext(PlaygroundContext)
  if (playground === undefined) throw new Error('usePlayground: there is no playground around this component')
  return playground
}

interface Known {
  readonly state?: State
  readonly clockDifference: number
  readonly result?: Result
  readonly problem?: string
}

const knownOf = (state: State): { readonly state: State; readonly clockDifference: number } => ({
  state,
  clockDifference: state.now * 1000 - Date.now(),
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Reads the state once, and gives the actions. The state is `undefined` until it has been read. */
export function useServer(): Omit<Playground, 'state'> & { readonly state: State | undefined } {
  const [known, setKnown] = useState<Known>({ clockDifference: 0 })
  const [running, setRunning] = useState<ActionName>()
  // Counts the actions, so that a state that was read before one of them replaces nothing.
  const actions = useRef({ started: 0, running: false })

  const reload = useCallback(async () => {
    if (actions.current.running) return
    const { started } = actions.current
    try {
      const state = await readState()
      if (started === actions.current.started)
        setKnown(({ problem: _, ...before }) => ({ ...before, ...knownOf(state) }))
    } catch (error) {
      if (started === actions.current.started)
        setKnown((before) => ({ ...before, problem: messageOf(error) }))
    }
  }, [])

  const act = useCallback(async (name: ActionName, details: object) => {
    if (actions.current.running) return
    actions.current = { started: actions.current.started + 1, running: true }
    setRunning(name)
    try {
      const outcome = await runAction(name, details)
      setKnown({ ...knownOf(outcome.state), result: { action: name, outcome } })
    } catch (error) {
      setKnown((before) => ({ ...before, problem: messageOf(error) }))
    } finally {
      actions.current.running = false
      setRunning(undefined)
    }
  }, [])

  useEffect(() => void reload(), [])

  return {
    state: known.state,
    clockDifference: known.clockDifference,
    result: known.result,
    problem: known.problem,
    running,
    reload,
    act: (name, details) => void act(name, details),
  }
}

/** Seconds since 1970 by the server's clock, anew every second. */
export function useNow(): number {
  const { clockDifference } = usePlayground()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return Math.floor((now + clockDifference) / 1000)
}

/** Reads the state every second while the component is on the page. The next read starts a second after the last. */
export function useLiveState(): void {
  const { reload } = usePlayground()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    const again = (): void => {
      if (!gone) timer = setTimeout(() => void reload().then(again), 1000)
    }
    again()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [reload])
}
