import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Orders } from './issuer-process.ts'

/** A test issuer in another process; every order is a promise here. */
export type RemoteIssuer = {
  readonly [Order in keyof Orders]: (
    ...values: Parameters<Orders[Order]>
  ) => Promise<Awaited<ReturnType<Orders[Order]>>>
} & { readonly close: () => void }

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts a test issuer in a process of its own. */
export async function remoteIssuer(): Promise<RemoteIssuer> {
  const script = fileURLToPath(new URL('issuer-process.ts', import.meta.url))
  const child = fork(script, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  await new Promise<void>((resolve, reject) => {
    waiting.set(0, () => resolve())
    child.once('exit', (code) => reject(new Error(`the issuer's process ended with ${code ?? 'a signal'}`)))
  })
  const order = (name: string, values: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))))
      child.send({ id, order: name, values })
    })
  return new Proxy({} as RemoteIssuer, {
    get: (_target, name) => {
      // Or awaiting the whole would be an order too.
      if (name === 'then') return undefined
      if (name === 'close') return () => void child.kill()
      return (...values: unknown[]) => order(String(name), values)
    },
  })
}
