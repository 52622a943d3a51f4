import { expect, it } from 'vitest'
import { derSignature } from '../../src/platform/der-signature.ts'

/** Two numbers in hexadecimal, one behind the other, as DER. */
function der(r: string, s: string): string {
  // Within other bytes, as a signature read from a token may be.
  const bytes = Buffer.from(`ff${r}${s}ff`, 'hex').subarray(1, -1)
  return Buffer.from(derSignature(bytes)).toString('hex')
}

const ff = (bytes: number): string => 'ff'.repeat(bytes)
const ones = (bytes: number): string => '01'.repeat(bytes)

it.each([
  ['two numbers', '0102', '7fff', '300802020102' + '02027fff'],
  ['the top bit set', '8000', 'ffff', '300a0203008000' + '020300ffff'],
  ['leading zeros', '0001', '0080', '3007020101' + '02020080'],
  ['nothing but zeros', '0000', '0000', '3006020100' + '020100'],
  ['a length of 127', `00${ones(61)}`, ones(62), `307f023d${ones(61)}023e${ones(62)}`],
  ['a length of 128', ones(62), ones(62), `308180023e${ones(62)}023e${ones(62)}`],
  ['the longest', ff(66), ff(66), `30818a024300${ff(66)}024300${ff(66)}`],
])('writes %s', (_what, r, s, expected) => {
  expect(der(r, s)).toBe(expected)
})
