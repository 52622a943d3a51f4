const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Canonical base64url as RFC 4648 §5 and §3.5 tell it, bit by bit; slow, and without a line of ours. */
export function referenceBase64url(text: string): number[] | undefined {
  if (text === '') return undefined
  const values = Array.from(text, (character) => alphabet.indexOf(character))
  if (values.includes(-1)) return undefined
  const bits = values.map((value) => value.toString(2).padStart(6, '0')).join('')
  const whole = bits.length - (bits.length % 8)
  const rest = bits.slice(whole)
  // Six bits left over are a character too many; any bit set among fewer is stray.
  if (rest.length === 6 || rest.includes('1')) return undefined
  return Array.from({ length: whole / 8 }, (_, index) => parseInt(bits.slice(index * 8, index * 8 + 8), 2))
}
