/* The playground runs in a process of its own. Node reads the certificates that it trusts when it starts, and the
   playground makes its certificate anew each time. So this process makes the certificate, and starts another one that
   trusts it: then `fetch`, the client's library, the authorization server and the APIs need no further set-up. Tests
   call `launch()` too, and make their own requests with `certificate.cert` as the `ca`. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Certificate, makeCertificate } from './certificate.ts'
import type { Playground } from './playground.ts'
import type { FromChild, ToChild } from './process.ts'

/** @see launch */
export interface LaunchOptions {
  /** Of the welcome page; the others follow it. 0: free ones. @default 4000 */
  readonly port?: number | undefined
  /** Two processes of APIs, which share revocations through a redis-server. @default false */
  readonly redis?: boolean | undefined
  /** Plays the tour, and then ends. @default false */
  readonly tour?: boolean | undefined
}

/** A playground in a process of its own. */
export interface Launched extends Playground {
  readonly certificate: Certificate
  /** The exit code of the process, once it has ended. */
  readonly ended: Promise<number>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Starts the playground in a process that trusts its certificate. Either process ends when the other one does.
 *
 * @throws {Error} when it could not start, for example since a port is taken
 */
export async function launch(options: LaunchOptions = {}): Promise<Launched> {
  const certificate = await makeCertificate()
  const folder = await mkdtemp(join(tmpdir(), 'playground-'))
  const file = join(folder, 'certificate.pem')
  await writeFile(file, certificate.cert)
  const child = fork(new URL('./process.ts', import.meta.url), [], {
    cwd: root,
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: file, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
  })
  const ended = once(child, 'exit').then(async ([code]) => {
    await rm(folder, { recursive: true, force: true })
    return typeof code === 'number' ? code : 1
  })
  child.send({ ...options, certificate } satisfies ToChild)
  const started = once(child, 'message') as Promise<[FromChild]>
  const [message] = await Promise.race([
    started,
    ended.then((code): never => {
      throw new Error(`the playground ended with code ${code} before it had started`)
    }),
  ])
  if ('error' in message) {
    await ended
    throw new Error(message.error)
  }
  return {
    urls: message.urls,
    certificate,
    ended,
    async close() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
