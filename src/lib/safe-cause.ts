/** What a failed call of a store, or of a function of the application's, leaves for logs. */
class SafeCause extends Error {
  readonly #original: unknown

  constructor(original: unknown) {
    super(factsOf(original))
    this.#original = original
    const { name, code } = shownMembers(original)
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true })
    Object.defineProperty(this, 'stack', {
      // When it is read: it takes time, and many calls fail at once.
      get: () => `${name}: ${this.message}${framesOf(original)}`,
      configurable: true,
    })
    if (code !== undefined) Object.assign(this, { code })
  }

  /** The error itself. On the prototype, where no serialiser finds it. */
  get original(): unknown {
    return this.#original
  }
}

/**
 * An error with what may be shown of another one: its name, its code and where it was thrown. Clients of Redis put
 * commands into their errors, with keys and values, and other libraries URLs with passwords or whole requests; loggers
 * write all of that. The error itself is its `original`, which no logger finds.
 */
export function safeCause(original: unknown): Error {
  return new SafeCause(original)
}

/** What failed: name, code and, for replies of Redis, what to do about it. It never throws. */
export function factsOf(error: unknown): string {
  const { name, code } = shownMembers(error)
  const advice = code === undefined ? connection[name] : fixes[code]
  return `${name}${code === undefined ? '' : ` ${code}`}${advice === undefined ? '' : `: ${advice}`}`
}

/** What to do about replies of Redis, and about codes of the system. */
const fixes: Readonly<Record<string, string>> = {
  NOAUTH: 'the client sends no password: set it in the URL or options of the client',
  WRONGPASS: 'user name or password of the client is wrong',
  NOPERM: 'the user of the client may not run EVAL, or not on these keys: give it both',
  READONLY: 'the client is connected to a replica: connect it to the primary',
  OOM: 'the memory of Redis is full: raise maxmemory',
  MISCONF: 'Redis cannot write to its disk, and takes no writes',
  LOADING: 'Redis loads its data: it is tried again by itself',
  MASTERDOWN: 'the primary is down: it is tried again by itself',
  CLUSTERDOWN: 'the cluster is down: it is tried again by itself',
  MOVED: 'Redis is a cluster: use a client for clusters',
  CROSSSLOT: 'Redis is a cluster: use a client for clusters',
  ERR: 'Redis did not run the script: use Redis 6.2, Valkey, or newer',
  ECONNREFUSED:
    'nothing listens there: check host and port; in a container, localhost is the container itself',
  ENOTFOUND: 'the host name cannot be found: check it, and DNS',
  ECONNRESET: 'the connection was closed: it is tried again by itself',
  ETIMEDOUT: 'nothing came back: check firewall and network',
}

/** What to do about errors of the package `redis` that have no code. */
const connection: Readonly<Record<string, string | undefined>> = {
  ClientClosedError: 'the client is not connected: call its connect() when the process starts',
}

const replies: ReadonlySet<string> = new Set(Object.keys(fixes).filter((code) => !code.startsWith('E')))

const nameForm = /^[A-Z][A-Za-z]{0,63}$/

/** The name of the class: clients of Redis leave `name` of their errors at `Error`. */
function classOf(error: unknown): string {
  const { constructor } = Object(error) as { constructor?: { name?: unknown } }
  const name = constructor?.name
  return error instanceof Error && typeof name === 'string' && /Error$/.test(name) && nameForm.test(name)
    ? name
    : 'Error'
}

interface ShownMembers {
  readonly name: string
  readonly code: string | undefined
}

function shownMembers(error: unknown): ShownMembers {
  try {
    return readMembers(error)
  } catch {
    // A revoked proxy, for example.
    return { name: 'Error', code: undefined }
  }
}

function readMembers(error: unknown): ShownMembers {
  const { name, code, message } = Object(error) as { name?: unknown; code?: unknown; message?: unknown }
  const isName = typeof name === 'string' && nameForm.test(name)
  const shown = isName && name !== 'Error' ? name : classOf(error)
  if (typeof code === 'string' && /^[A-Z][A-Z\d_]{0,63}$/.test(code)) return { name: shown, code }
  // The first word of an error of Redis is its code.
  const [first = ''] = typeof message === 'string' ? message.split(' ', 1) : []
  return { name: shown, code: replies.has(first) || first === 'ERR' ? first : undefined }
}

/** Where it was thrown, without the message. It never throws. */
function framesOf(error: unknown): string {
  try {
    return readFrames(error)
  } catch {
    // A revoked proxy, for example.
    return ''
  }
}

function readFrames(error: unknown): string {
  const { stack, message } = Object(error) as { stack?: unknown; message?: unknown }
  if (typeof stack !== 'string' || typeof message !== 'string') return ''
  const at = stack.indexOf(message)
  const rest = at === -1 ? '' : stack.slice(at + message.length)
  const frames = rest.split('\n', 11).filter((line) => /^ {4}at [\w.<>[\] (/:\\@+-]+\)?$/.test(line))
  return frames.map((line) => `\n${line.slice(0, 300)}`).join('')
}
