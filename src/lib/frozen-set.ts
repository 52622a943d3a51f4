/** A set that keeps what it was made with: several requests share it, and none may add to it. */
class FrozenSet extends Set<string> {
  override add(): never {
    return refuse()
  }
  override delete(): never {
    return refuse()
  }
  override clear(): never {
    return refuse()
  }
}

/** Makes a set whose changing methods throw a TypeError. */
export function frozenSet(names: Iterable<string>): ReadonlySet<string> {
  const set = new FrozenSet()
  for (const name of names) Set.prototype.add.call(set, name)
  // Most callers have no roles: one empty set serves them all.
  return set.size === 0 ? emptySet : set
}

const emptySet: ReadonlySet<string> = new FrozenSet()

function refuse(): never {
  throw new TypeError('the scopes and roles of a verified token cannot be changed')
}
