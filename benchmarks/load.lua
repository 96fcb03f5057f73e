-- Given by the benchmark to wrk. BENCH_ADDRESSES names a file with an address a line, each asked
-- once, in order; without it the one address of the command line is asked all the time.
local list = os.getenv("BENCH_ADDRESSES")

if list then
  local requests, next_one = {}, 0

  function init()
    for address in io.lines(list) do
      requests[#requests + 1] = wrk.format("GET", address)
    end
  end

  function request()
    next_one = next_one + 1
    if next_one > #requests then
      -- Never ask for one again: it would be known by now. The benchmark takes this for an error.
      next_one = next_one - 1
      wrk.thread:set("ran_out", true)
      wrk.thread:stop()
    end
    return requests[next_one]
  end
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local errors, ran_out = summary.errors, false
  for _, thread in ipairs(threads) do
    ran_out = ran_out or thread:get("ran_out") or false
  end
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d,' ..
    ' "broken": %d, "refused": %d, "ran_out": %s}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    tostring(ran_out)))
end
