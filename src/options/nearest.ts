/** Letters a misspelled name may differ in. */
const maxDistance = 2

/** Fewest letters that make one name the beginning of another. */
const minPrefix = 4

/** The known name that is meant by an unknown one: a few letters differ, or one is the beginning of the other. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  const [best] = known
    .map((candidate) => ({ candidate, distance: distanceBetween(lower, candidate.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance)
  // Short names are all near to each other.
  if (best !== undefined && best.distance <= Math.min(maxDistance, lower.length / 3)) return best.candidate
  return known.find((candidate) => isPrefix(lower, candidate.toLowerCase()))
}

function isPrefix(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  return short.length >= minPrefix && long.startsWith(short)
}

/** Insertions, deletions and replacements that make one text of the other (Levenshtein). */
function distanceBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
