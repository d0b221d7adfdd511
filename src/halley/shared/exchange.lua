-- One exchange about one lane: halley/shared/record.py says the same in Python.
-- KEYS  law: a hash; log: a list of signals as JSON, one element a report; members: a hash of
--       "<expires> <wants as JSON>". The three have one hash tag: one lane is one slot.
-- ARGV  member, wants ('': it leaves), signals ('': none), held_until, epoch, seq, state,
--       member_s, lane_s, now ('': the server's; only tests and benchmarks give it)
local law, log, members = KEYS[1], KEYS[2], KEYS[3]
local member, wants, signals, held = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local epoch, seq, state = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local member_s, lane_s, now = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local function text(seconds) return string.format('%.6f', seconds) end

local kept = redis.call('HMGET', law, 'epoch', 'base', 'state', 'held_until')
local base, snapshot = tonumber(kept[2] or 0), kept[3]
if not kept[1] then
  kept[1], snapshot = member .. '@' .. text(now), state
  redis.call('DEL', log, members)
  redis.call('HSET', law, 'epoch', kept[1], 'base', 0, 'state', state)
elseif kept[1] == epoch and seq > base then
  redis.call('LTRIM', log, seq - base, -1)
  base, snapshot = seq, state
  redis.call('HSET', law, 'base', base, 'state', state)
end
if signals ~= '' then redis.call('RPUSH', log, signals) end
local held_until = kept[4] or '0'
if tonumber(held) > tonumber(held_until) then
  held_until = held
  redis.call('HSET', law, 'held_until', held)
end

if wants == '' then
  redis.call('HDEL', members, member)
else
  redis.call('HSET', members, member, text(now + member_s) .. ' ' .. wants)
end
local present, entries = {}, redis.call('HGETALL', members)
for i = 1, #entries, 2 do
  local expires, wanted = string.match(entries[i + 1], '^(%S+) (.*)$')
  if tonumber(expires) > now then
    present[#present + 1] = entries[i]
    present[#present + 1] = wanted
  else
    redis.call('HDEL', members, entries[i])
  end
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, lane_s) end

local last = base + redis.call('LLEN', log)
local follows = kept[1] == epoch and base <= seq and seq <= last
return {
  text(now), kept[1], last, follows and '' or snapshot,
  redis.call('LRANGE', log, follows and seq - base or 0, -1), present, held_until,
}
