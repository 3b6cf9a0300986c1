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

local function histogram(latency)
  local pairs_ = {}
  for i = 1, #latency do
    local value, count = latency(i)
    pairs_[i] = string.format("[%.0f, %.0f]", value, count)
  end
  return "[" .. table.concat(pairs_, ", ") .. "]"
end

function done(summary, latency, requests)
  handshake("@done")
  io.write(
    '{"summary": {', integers({"requests", "duration", "bytes"}, summary),
    ', "errors": {', integers({"connect", "read", "write", "status", "timeout"}, summary.errors), "}},\n",
    ' "latency": ', latencies(latency), ",\n",
    ' "histogram": ', histogram(latency), "}\n")
end
