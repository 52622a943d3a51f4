import { type EntryKind, type RevocationEntry } from 'oauth-resource-server'
import { listOfReply, numberOf, textOf, unreadable } from './client.ts'

const kinds: readonly unknown[] = ['jti', 'hash', 'subject', 'session', 'client']

/** The text of an entry in the stream. */
export function recordOf({ kind, issuer, value, issuedBefore }: RevocationEntry): string {
  return JSON.stringify([kind, issuer ?? null, value, issuedBefore ?? null])
}

/** Time of the id of a record, in milliseconds since the epoch. @throws {UpstreamError} */
export function timeOf(id: string): number {
  return Number(digitsOfTime(id))
}

/** Whether a record comes after another one, by their ids. @throws {UpstreamError} for what is no id */
export function isLater(id: string, other: string): boolean {
  const [time, otherTime] = [digitsOfTime(id), digitsOfTime(other)]
  // In one millisecond, what stands behind the time decides: the number that counts its records.
  return time === otherTime ? isMore(id, other) : isMore(time, otherTime)
}

/** Compares whole numbers as text: the second one of an id may have more digits than a number holds. */
function isMore(digits: string, other: string): boolean {
  return digits.length === other.length ? digits > other : digits.length > other.length
}

const idForm = /^\d{1,15}-\d{1,20}$/

function digitsOfTime(id: string): string {
  if (!idForm.test(id)) throw unreadable()
  return id.slice(0, id.indexOf('-'))
}

/** @throws {UpstreamError} without the text, which the parser would quote */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable()
  }
}

/**
 * Reads a record of the stream.
 *
 * @param now milliseconds since the epoch, by the clock of Redis
 * @throws {UpstreamError} for a record that nobody here has written
 */
export function entryOf(
  record: unknown,
  now: number,
): { readonly id: string; readonly entry: RevocationEntry } {
  const [name, fields] = listOfReply(record)
  const id = textOf(name)
  const [field, text, fieldOfLife, life] = listOfReply(fields)
  if (textOf(field) !== 'entry' || textOf(fieldOfLife) !== 'life') throw unreadable()
  const [kind, issuer, value, issuedBefore] = listOfReply(parsed(textOf(text)))
  if (!kinds.includes(kind) || typeof value !== 'string') throw unreadable()
  return {
    id,
    entry: {
      kind: kind as EntryKind,
      issuer: issuer === null ? undefined : textOf(issuer),
      value,
      issuedBefore: issuedBefore === null ? undefined : numberOf(issuedBefore),
      lifetime: (timeOf(id) + numberOf(life) - now) / 1000,
      expiresIn: undefined,
    },
  }
}
