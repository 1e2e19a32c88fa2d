-- What wrk sends: the events of a file, so many a request, each time with ids that were never used before.
-- PEER_EVENTS names the file, PEER_BATCH says how many events a request has, PEER_TOKEN is the bearer token.

local batch = tonumber(os.getenv("PEER_BATCH") or "1")
local token = os.getenv("PEER_TOKEN")
local before, after = {}, {}
local run, sent, at = 0, 0, 0

local function next_event()
  sent = sent + 1
  at = at % #before + 1
  return before[at] .. string.format("%08x-%04x-4000-8000-%012x", run, sent % 65536, sent) .. after[at]
end

function init()
  math.randomseed(os.time() + (tonumber(tostring({}):sub(8)) or 0) % 1000003)
  run = math.random(0, 4294967295)
  for line in io.lines(os.getenv("PEER_EVENTS")) do
    local first, last = line:find('"id":"[%x-]+"')
    before[#before + 1] = line:sub(1, first + 5)
    after[#after + 1] = line:sub(last)
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = batch == 1 and "application/json" or "application/x-ndjson"
  if token then wrk.headers["Authorization"] = "Bearer " .. token end
end

function request()
  local lines = {}
  for nth = 1, batch do lines[nth] = next_event() end
  return wrk.format(nil, nil, nil, table.concat(lines, "\n"))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
