/** One thing that a judge tries. */
export interface Verdict {
  readonly name: string
  /**
   * @returns what there is to say beside that it passes
   * @throws {Error} that says what went wrong
   */
  readonly judge: (tools: Tools) => Promise<string | undefined>
}

/** Where the judges are installed. */
export interface Tools {
  readonly folder: string
  /** Path of a file of an installed package. */
  readonly installed: (...path: string[]) => string
  /** The program of a version of Node that every judge can use. */
  readonly node: () => Promise<string>
}

/** @throws {Error} unless every one of them is among what was seen, in this order */
export function expectSeen(seen: readonly string[], ...expected: readonly string[]): void {
  let from = 0
  for (const each of expected) {
    const at = seen.indexOf(each, from)
    if (at === -1) throw new Error(`no "${each}" in: ${seen.join(', ')}`)
    from = at + 1
  }
}

/** @throws {Error} unless the text has the part */
export function expectText(text: string, part: string): void {
  if (!text.includes(part)) throw new Error(`no "${part}" in: ${text}`)
}
