/**
 * Names that nobody can add to or remove. Several requests share one such set, so not even `Set.prototype.add.call()`
 * may change it: the names are private, and the object is frozen.
 */
class FrozenSet implements ReadonlySet<string> {
  readonly #list: readonly string[]
  /** Made when a guard first asks: most callers' roles are never asked for. */
  #set: ReadonlySet<string> | undefined

  constructor(names: readonly string[]) {
    this.#list = names
    Object.freeze(this)
  }

  get #names(): ReadonlySet<string> {
    return (this.#set ??= setOf(this.#list))
  }

  get size(): number {
    return this.#names.size
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  keys(): SetIterator<string> {
    return this.#names.keys()
  }

  values(): SetIterator<string> {
    return this.#names.values()
  }

  entries(): SetIterator<[string, string]> {
    return this.#names.entries()
  }

  [Symbol.iterator](): SetIterator<string> {
    return this.#names.values()
  }

  forEach(callback: (value: string, key: string, set: ReadonlySet<string>) => void, self?: unknown): void {
    // With this object as the third argument, as the one inside could be changed.
    for (const name of this.#names) callback.call(self, name, name, this)
  }

  add(): never {
    return refuse()
  }

  delete(): never {
    return refuse()
  }

  clear(): never {
    return refuse()
  }

  /** What Node's `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): ReadonlySet<string> {
    return new Set(this.#names)
  }
}

// `instanceof Set`, without the internal slot that the methods of Set change.
Object.setPrototypeOf(FrozenSet.prototype, Set.prototype)
// `union` and other methods of the running platform work on a copy.
for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Set.prototype))) {
  if (typeof value !== 'function' || Object.hasOwn(FrozenSet.prototype, name)) continue
  const method = value as (this: Set<string>, ...given: unknown[]) => unknown
  Object.defineProperty(FrozenSet.prototype, name, {
    value(this: FrozenSet, ...given: unknown[]) {
      return Reflect.apply(method, new Set(this), given)
    },
  })
}
// As several callers share it, too. `constructor` is what comparisons of sets look at.
Object.defineProperty(FrozenSet.prototype, 'constructor', { value: Set })
Object.freeze(FrozenSet.prototype)

const emptySet: ReadonlySet<string> = new FrozenSet([])

/**
 * Makes a set that cannot be changed. Its changing methods throw a TypeError.
 *
 * @param names a list must not change from now on, since it is read when the set is first asked
 */
export function frozenSet(names: Iterable<string>): ReadonlySet<string> {
  // It cannot change, so nothing has to be copied.
  if (names instanceof FrozenSet) return names
  const list: readonly string[] = Array.isArray(names) ? names : [...names]
  // Most callers have no roles: one empty set serves them all.
  return list.length === 0 ? emptySet : new FrozenSet(list)
}

/** By index: V8 reads a frozen list three times as slowly in `new Set(list)`. */
function setOf(names: readonly string[]): ReadonlySet<string> {
  const set = new Set<string>()
  for (let at = 0; at < names.length; at++) set.add(names[at] as string)
  return set
}

function refuse(): never {
  throw new TypeError('the scopes and roles of a verified token cannot be changed')
}
