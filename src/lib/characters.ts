/**
 * The characters that a scope (RFC 6749 §3.3) and, with the space, every parameter of a challenge (RFC 6750 §3) may
 * have.
 */
const allowed = String.raw`\x21\x23-\x5b\x5d-\x7e`
const scopeName = new RegExp(`^[${allowed}]+$`)
const challengeText = new RegExp(`^[\\x20${allowed}]+$`)
const notInChallenge = new RegExp(`[^\\x20${allowed}]`, 'g')

/** Tells whether a text is one scope. */
export function isScopeName(text: string): boolean {
  return scopeName.test(text)
}

/** Tells whether a text can stand in a challenge as it is. */
export function isChallengeText(text: string): boolean {
  return challengeText.test(text)
}

/** A quoted-string with the characters RFC 6750 §3 permits; each other one becomes an apostrophe. */
export function quoted(value: string): string {
  return `"${value.replaceAll(notInChallenge, "'")}"`
}
