-- For wrk: the results as JSON after wrk's own text, and a hand-shake that keeps wrk's start and this report out of the counters.
--
-- "@ready" is written when all is prepared and no request has been sent, "@done" when the last response has come; after each,
-- a line on the standard input lets wrk go on (its end does too).

local announced = false

local function handshake(word)
  io.write(word, "\n")
  io.flush()
  io.read("*l")
end

function setup(thread)
  if not announced then -- once a thread; none has been started at the first
    announced = true
    handshake("@ready")
  end
end

local function integers(names, values)
  local fields = {}
  for i, name in ipairs(names) do
    fields[i] = string.format('"%s": %.0f', name, values[name])
  end
  return table.concat(fields, ", ")
end

local function latencies(latency)
  return string.format(
    '{"min": %.0f, "mean": %.3f, "stdev": %.3f, "p50": %.0f, "p90": %.0f, "p99": %.0f, "max": %.0f}',
    latency.min, latency.mean, latency.stdev,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max)
end

-- The pairs of value and count, one call of wrk's a pair: each searches from the lowest value on, which takes hours for the
-- latencies of a second that a hundred thousand requests on thousands of connections have.
local function by_calls(latency)
  local pairs_ = {}
  for i = 1, #latency do
    local value, count = latency(i)
    pairs_[i] = string.format("[%.0f, %.0f]", value, count)
  end
  return pairs_
end

-- The same from wrk's memory (stats.h), in one pass; nil where that is not as it is known here.
local function by_memory(latency)
  local found, ffi = pcall(require, "ffi")
  if not found or #latency == 0 then return nil end
  pcall(ffi.cdef, "typedef struct { uint64_t count, limit, min, max, data[]; } netlab_stats;")
  local stats = ffi.cast("netlab_stats **", ffi.cast("void *", latency))[0]
  if tonumber(stats.min) ~= latency.min or tonumber(stats.max) ~= latency.max or stats.max > stats.limit then return nil end
  local pairs_ = {}
  for value = latency.min, latency.max do
    local count = tonumber(stats.data[value])
    if count > 0 then pairs_[#pairs_ + 1] = string.format("[%.0f, %.0f]", value, count) end
  end
  return #pairs_ == #latency and pairs_ or nil
end

local function histogram(latency)
  return "[" .. table.concat(by_memory(latency) or by_calls(latency), ", ") .. "]"
end

function done(summary, latency, requests)
  handshake("@done")
  io.write(
    '{"summary": {', integers({"requests", "duration", "bytes"}, summary),
    ', "errors": {', integers({"connect", "read", "write", "status", "timeout"}, summary.errors), "}},\n",
    ' "latency": ', latencies(latency), ",\n",
    ' "histogram": ', histogram(latency), "}\n")
end
