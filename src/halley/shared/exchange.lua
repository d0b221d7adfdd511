-- One exchange about one lane: halley/shared/record.py says the same in Python.
-- KEYS  law: a hash; log: a list of "<server time> <signals as JSON>"; members: a hash of
--       "<expires> <wants as JSON>". The three have one hash tag: one lane is one slot.
-- ARGV  member, wants ('': it leaves), signals ('': none), hold_s, epoch, seq, at ('': now), state,
--       member_s, lane_s, now ('': the server's; only tests and benchmarks give it)
local law, log, members = KEYS[1], KEYS[2], KEYS[3]
local member, wants, signals, hold_s = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local epoch, seq, at, state = ARGV[5], tonumber(ARGV[6]), ARGV[7], ARGV[8]
local member_s, lane_s, now = tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local function text(seconds) return string.format('%.6f', seconds) end

local kept = redis.call('HMGET', law, 'epoch', 'base', 'at', 'state', 'held_until')
local base, held_until = tonumber(kept[2] or 0), tonumber(kept[5] or 0)
if not kept[1] then
  kept = {member .. '@' .. text(now), 0, text(now), state}
  redis.call('DEL', log, members)
  redis.call('HSET', law, 'epoch', kept[1], 'base', 0, 'at', kept[3], 'state', state)
elseif kept[1] == epoch and seq > base and at ~= '' then
  redis.call('LTRIM', log, seq - base, -1)
  base, kept[3], kept[4] = seq, at, state
  redis.call('HSET', law, 'base', base, 'at', at, 'state', state)
end
if signals ~= '' then redis.call('RPUSH', log, text(now) .. ' ' .. signals) end
if now + hold_s > held_until and hold_s > 0 then
  held_until = now + hold_s
  redis.call('HSET', law, 'held_until', text(held_until))
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
  text(now), kept[1], last,
  follows and '' or kept[3], follows and '' or kept[4],
  redis.call('LRANGE', log, follows and seq - base or 0, -1),
  present, text(math.max(0, held_until - now)),
}
