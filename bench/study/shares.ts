import type { Profiler } from 'node:inspector'

/** Parts of the processor time, by whose function had it. */
export type Shares = Readonly<Record<string, number>>

/** Row for what is neither this library's nor called by it. */
export const everythingElse = 'everything else: the kernel, Node, the framework, garbage collection'
/** Row for what the first reader of a header pays for, whoever that is. */
const headersOfNode = "`headers` of Node's request, made when first read"

type Node = Profiler.ProfileNode & { readonly parent?: Node }

/**
 * Tells what a profile says of this library: each of its functions with what Node does for it. Native code has no
 * name of a file, and counts for whoever called it; what a framework does from within our `next()` is its own.
 */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Shares {
  const byId = new Map<number, Node>(nodes.map((node) => [node.id, { ...node }]))
  for (const parent of byId.values()) {
    for (const id of parent.children ?? []) Object.assign(byId.get(id) as object, { parent })
  }
  const times = new Map<string, number>()
  let total = 0
  samples.forEach((id, index) => {
    const node = byId.get(id) as Node
    if (node.callFrame.functionName === '(idle)') return
    const time = timeDeltas[index] ?? 0
    const owner = ownerOf(node)
    total += time
    times.set(owner, (times.get(owner) ?? 0) + time)
  })
  return Object.fromEntries([...times].map(([owner, time]) => [owner, time / total]))
}

function ownerOf(leaf: Node): string {
  let owner: string | undefined
  for (let node: Node | undefined = leaf; node !== undefined; node = node.parent) {
    const { url, functionName } = node.callFrame
    if (url === '') continue
    if (url.endsWith('_http_incoming') && functionName === 'get') return headersOfNode
    const name = ownName(node)
    if (name !== undefined) return owner ?? name
    if (!url.startsWith('node:')) return everythingElse
    // The outermost function of Node below ours stands for all that happens in it.
    owner = `\`${functionName}\` of Node`
  }
  return everythingElse
}

/** What a function of this library, or of its cache, is called in the table. */
function ownName({ callFrame: { url, functionName } }: Node): string | undefined {
  if (url.includes('/lru-cache/')) return 'lru-cache'
  const file = /\/dist\/([\w-]+)\.js$/.exec(url)?.[1]
  if (file === undefined || url.includes('/node_modules/')) return undefined
  if (file !== 'index' && file !== 'platform-node') return 'the adapter and its guard'
  return functionName === '' ? 'functions without a name' : `\`${functionName}\``
}
