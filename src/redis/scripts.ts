// Scripts, since MGET takes a value of the wrong type for an absent one, and since a client that reads from replicas
// sends scripts to the primary all the same. They need Redis 6.2 or Valkey.

/**
 * What is known of a list as a whole, in a key that never expires: its name, made up when it began, and the longest
 * life that any of its users needs. A read goes on where it cannot be written, and writes it the next time.
 */
const state = `
local function text(number) return string.format('%.0f', number) end
local function stateOf(key, name, own)
  local known = redis.call('HMGET', key, 'name', 'longest')
  local longest = tonumber(known[2] or 0)
  if known[1] and longest >= own then return known[1], longest, longest end
  local time = redis.call('TIME')
  local first = known[1] or table.concat({ name, time[1], time[2] }, ':')
  local written = redis.pcall('HSET', key, 'name', first, 'longest', text(math.max(own, longest)))
  if type(written) == 'table' and written.err then return known[1], longest, longest end
  return first, math.max(own, longest), longest
end`

/**
 * The name of the list, the longest life it had before, and the values of keys. Fails for a value of another type.
 *
 * KEYS: state, entries. ARGV: name of this process, milliseconds the longest entry lives.
 */
export const readScript: string = `${state}
local name, _, before = stateOf(KEYS[1], ARGV[1], tonumber(ARGV[2]))
local values = { name, text(before) }
for i = 2, #KEYS do values[i + 1] = redis.call('GET', KEYS[i]) end
return values`

/**
 * Writes an entry and its record in the stream, or neither. A script takes nothing back when a command fails, and the
 * record fails where the stream is of another type: so the record comes first. An entry is never weakened and never
 * shortened, so that the script may run twice. It lives for as long as the user of the list with the longest life needs.
 *
 * KEYS: state, entry, stream. ARGV: name of this process, milliseconds the longest entry lives, value, milliseconds the
 * entry lives, whether that is the expiry of one token (1) or grows with the longest life (0), record.
 */
export const revokeScript: string = `${state}
local own, value, life = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local name, longest, before = stateOf(KEYS[1], ARGV[1], own)
if ARGV[5] == '1' then life = math.min(life, longest) else life = life + longest - own end
local lifeOfRecord = text(life)
local old = redis.call('GET', KEYS[2])
if old then
  if old == '*' or (value ~= '*' and tonumber(old) > tonumber(value)) then value = old end
  life = math.max(life, redis.call('PTTL', KEYS[2]))
end
local now = redis.call('TIME')
redis.call('XADD', KEYS[3], 'MINID', '~', text(now[1] * 1000 - longest), '*', 'entry', ARGV[6], 'life', lifeOfRecord)
redis.call('PEXPIRE', KEYS[3], text(longest))
redis.call('SET', KEYS[2], value, 'PX', text(life))
return { name, text(before) }`

/**
 * Reads records of the stream that follow a known one, or all of them where the known one is gone.
 *
 * KEYS: state, stream. ARGV: name of this process, milliseconds the longest entry lives, id of the last known record, or
 * 0-0; most records.
 */
export const followScript: string = `${state}
local name, _, before = stateOf(KEYS[1], ARGV[1], tonumber(ARGV[2]))
local now = redis.call('TIME')
local known = ARGV[3] == '0-0' or #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 1
local from = '-'
if known and ARGV[3] ~= '0-0' then from = '(' .. ARGV[3] end
local records = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', ARGV[4])
return { name, text(before), now[1], known and 1 or 0, records }`

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
