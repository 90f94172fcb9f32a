-- Appends one message and trims the log, as one step.
-- KEYS[1] stream; ARGV: topic, time, body, count to keep, age to keep in ms.
-- Each entry names the ID before it ("p"), so that a reader sees a hole: Redis
-- itself does not say whether entries between two IDs were trimmed.
local prev = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info.err then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then prev = info[i + 1] end
  end
end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*',
  't', ARGV[1], 'a', ARGV[2], 'b', ARGV[3], 'p', prev)
local now = redis.call('TIME')
local oldest = string.format('%d', tonumber(now[1]) * 1000 - tonumber(ARGV[5]))
redis.call('XTRIM', KEYS[1], 'MINID', '~', oldest)
return id
