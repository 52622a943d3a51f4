import { type RevocableToken, type RevocationList, UpstreamError } from 'oauth-resource-server'
import { followScript, readScript, reserveScript, revokeScript } from '../../src/redis/scripts.ts'
import { listInterfaceOf, type RevocationListInterface } from '../../src/stores.ts'

/** A record of the stream, as a reply has it. */
export type StreamRecord = readonly [id: string, fields: readonly string[]]

/** What a Redis keeps of one list. Times are in milliseconds. */
export interface FakeData {
  name: string | undefined
  longest: number
  readonly entries: Map<string, { readonly value: string; readonly until: number }>
  readonly records: StreamRecord[]
}

const emptied = (): FakeData => ({ name: undefined, longest: 0, entries: new Map(), records: [] })

/** A copy that goes its own way. */
export const copyOf = (data: FakeData): FakeData => ({
  ...data,
  entries: new Map(data.entries),
  records: [...data.records],
})

const scripts = new Map([
  [readScript, 'read'],
  [revokeScript, 'revoke'],
  [followScript, 'follow'],
  [reserveScript, 'reserve'],
] as const)

/** A command that arrived. */
export interface FakeCall {
  readonly script: 'read' | 'revoke' | 'follow' | 'reserve'
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

/** What the scripts do with one list, in memory and by `Date.now`. A real server runs them in the other tests. */
export class FakeRedis {
  data = emptied()
  readonly calls: FakeCall[] = []
  /** A server that is `hung` never responds, one that is `failing` rejects every command. */
  mood: 'up' | 'hung' | 'failing' = 'up'
  /** Whether it takes writes of its own accord: not at `maxmemory`. */
  takesWrites = true
  /** Changes a reply, as another program that writes under the same keys does. */
  reply: (usual: readonly unknown[], call: FakeCall) => unknown = (usual, { script }) =>
    script === 'reserve' ? usual[0] : usual
  /** Runs between a command and its reply. */
  beforeReply: (call: FakeCall) => unknown = () => undefined
  private count = 0

  /** A client of @valkey/valkey-glide. */
  readonly client: object = this.clientIn(() => this.mood)

  /** A client whose connection has a mood of its own. */
  clientIn(mood: () => FakeRedis['mood']): object {
    return {
      customCommand: async ([, script = '', count, ...rest]: readonly string[]): Promise<unknown> => {
        if (mood() === 'hung') return new Promise(() => undefined)
        await Promise.resolve()
        if (mood() === 'failing') throw new Error('closed')
        const name = scripts.get(script)
        if (script === '' || name === undefined) throw new Error('ERR this script is not known')
        const keys = rest.slice(0, Number(count))
        const call: FakeCall = { script: name, keys, values: rest.slice(keys.length) }
        this.calls.push(call)
        const usual = this.run(call)
        await this.beforeReply(call)
        return this.reply(usual, call)
      },
    }
  }

  /** How many calls of a script arrived since it was asked last. */
  counted(script: FakeCall['script']): number {
    return this.calls.splice(0).filter((call) => call.script === script).length
  }

  /** Empties it, as a restart without a file does. */
  empty(): void {
    this.data = emptied()
  }

  /** Adds a record that nobody here has written. */
  record(fields: readonly string[], id = `${Date.now()}-${(this.count += 1)}`): void {
    this.data.records.push([id, fields])
  }

  private run({ script, keys, values }: FakeCall): readonly unknown[] {
    const { entries } = this.data
    const alive = (key = ''): string | null => {
      const entry = entries.get(key)
      return entry !== undefined && entry.until > Date.now() ? entry.value : null
    }
    if (script === 'reserve') return [this.reserve(keys, values, alive(keys[0]))]
    const own = Number(values[1])
    const [name, longest, before] = this.state(String(values[0]), own)
    const state = [name, String(before)]
    if (script === 'read') return [...state, ...keys.slice(1).map(alive)]
    if (script === 'revoke') {
      this.revoke(keys, values, longest, own, alive(keys[1]))
      return state
    }
    const [, , position = '', most] = values
    const at = this.data.records.findIndex(([id]) => id === position)
    const isKnown = at !== -1 || position === '0-0'
    const seconds = String(Math.floor(Date.now() / 1000))
    return [...state, seconds, isKnown ? 1 : 0, this.data.records.slice(at + 1, at + 1 + Number(most))]
  }

  private state(process: string, own: number): [name: string | null, longest: number, before: number] {
    const { name, longest } = this.data
    if (name !== undefined && longest >= own) return [name, longest, longest]
    if (!this.takesWrites) return [name ?? null, longest, longest]
    this.data.name ??= `${process}:${(this.count += 1)}`
    this.data.longest = Math.max(own, longest)
    return [this.data.name, this.data.longest, longest]
  }

  private revoke(
    keys: readonly string[],
    values: readonly string[],
    longest: number,
    own: number,
    old: string | null,
  ): void {
    const [, , given = '', lifeText, isExpiry, record = ''] = values
    const now = Date.now()
    const life = isExpiry === '1' ? Math.min(Number(lifeText), longest) : Number(lifeText) + longest - own
    const isKept = old === '*' || (old !== null && given !== '*' && Number(old) > Number(given))
    const key = String(keys[1])
    const until = Math.max(now + life, old === null ? 0 : (this.data.entries.get(key)?.until ?? 0))
    this.data.entries.set(key, { value: isKept ? old : given, until })
    const { records } = this.data
    while (Number(records[0]?.[0].split('-')[0]) < now - longest) records.shift()
    this.record(['entry', record, 'life', String(life)])
  }

  private reserve(keys: readonly string[], values: readonly string[], old: string | null): 0 | 1 {
    const [value = '', life] = values
    if (old !== null) return old === value ? 1 : 0
    this.data.entries.set(String(keys[0]), { value, until: Date.now() + Number(life) })
    return 1
  }
}

/** The list as a resource server uses it, from the moment it does. */
export function joined(list: RevocationList): RevocationListInterface {
  const face = listInterfaceOf(list)
  if (face === undefined) throw new Error('no list')
  face.join({ clockTolerance: 0, now: undefined })
  return face
}

/** What an outcome is: a value, or the status and hint of a failure that is ours to report. */
export async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return `${error.status} ${String(error.detail.hint)}`
  }
}

/** What a list looks at in a token. */
export const revocable = (changes: Partial<RevocableToken> = {}): RevocableToken => ({
  issuer: 'https://id.test/',
  issuedAt: Math.floor(Date.now() / 1000),
  jti: 'j',
  subject: undefined,
  session: undefined,
  client: undefined,
  hash: () => 'hash',
  ...changes,
})
