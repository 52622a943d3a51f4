/** Latest second a `Date` can represent. */
const lastSecond = 8.64e12

/** Seconds later than this are milliseconds: as seconds they would be in the year 5138. */
const milliseconds = 1e11

/**
 * Reads a moment: a `Date`, or seconds since the epoch.
 *
 * @returns seconds since the epoch
 * @throws {TypeError}
 */
export function checkMoment(value: unknown, name: string): number {
  const isDate = typeof value !== 'number' && Object.prototype.toString.call(value) === '[object Date]'
  const seconds: unknown = isDate ? (value as Date).getTime() / 1000 : value
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= lastSecond)) {
    throw new TypeError(`${name}: must be a Date or seconds since the epoch`)
  }
  if (!isDate && seconds > milliseconds) {
    throw new TypeError(`${name}: counts seconds, and this value looks like milliseconds; pass a Date`)
  }
  return seconds
}
