// Scripts, since MGET takes a value of the wrong type for an absent one, and since a client that reads from replicas
// sends scripts to the primary all the same. They need Redis 6.2 or Valkey.

/** The values of keys. Fails for a value of another type. */
export const readScript = `
local values = {}
for i, key in ipairs(KEYS) do values[i] = redis.call('GET', key) end
return values`

/**
 * Writes an entry and its record in the stream, or neither. An entry is never weakened and never shortened, so that
 * the script may run twice.
 *
 * KEYS: entry, stream, longest life. ARGV: value, milliseconds the entry lives, milliseconds the longest one lives,
 * record.
 */
export const revokeScript = `
local value, life = ARGV[1], tonumber(ARGV[2])
local old = redis.call('GET', KEYS[1])
if old then
  if old == '*' or (value ~= '*' and tonumber(old) > tonumber(value)) then value = old end
  life = math.max(life, redis.call('PTTL', KEYS[1]))
end
local longest = math.max(tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[3]) or 0))
local now = redis.call('TIME')
local first = string.format('%.0f', now[1] * 1000 - longest)
redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', life))
redis.call('SET', KEYS[3], string.format('%.0f', longest), 'PX', string.format('%.0f', longest))
redis.call('XADD', KEYS[2], 'MINID', '~', first, '*', 'entry', ARGV[4])
redis.call('PEXPIRE', KEYS[2], string.format('%.0f', longest))
return 1`

/**
 * Reads records of the stream that follow a known one, or all of them where the known one is gone.
 *
 * KEYS: stream. ARGV: id of the last known record, or 0-0; most records.
 */
export const followScript = `
local now = redis.call('TIME')
local known = ARGV[1] == '0-0' or #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 1
local from = '-'
if known and ARGV[1] ~= '0-0' then from = '(' .. ARGV[1] end
local records = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])
return { now[1], known and 1 or 0, records }`

/**
 * Reserves a key for a value. The same value may reserve it again, since a client may send a command twice.
 *
 * KEYS: key. ARGV: value, milliseconds.
 */
export const reserveScript = `
local old = redis.call('GET', KEYS[1])
if old then return old == ARGV[1] and 1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`
