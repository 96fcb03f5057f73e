-- Given by the benchmark to wrk. BENCH_ADDRESSES names a file with an address a line, each asked
-- once; without it the one address of the command line is asked all the time.
local list, count = os.getenv("BENCH_ADDRESSES"), tonumber(os.getenv("BENCH_THREADS"))
-- All that connect in one moment are taken by the worker that wakes first, so that the others have
-- nothing to do: each thread of wrk connects a little later than the one before.
local PAUSE = 0.05
local threads = {}

function setup(thread)
  if #threads > 0 then
    os.execute("sleep " .. PAUSE)
  end
  thread:set("turn", #threads)
  threads[#threads + 1] = thread
end

if list then
  local requests, next_one = {}, 0

  function init()
    local number = 0
    for address in io.lines(list) do
      if number % count == turn then
        requests[#requests + 1] = wrk.format("GET", address)
      end
      number = number + 1
    end
  end

  function request()
    next_one = next_one + 1
    if next_one > #requests then
      -- Never ask for one again: it would be cached. The benchmark takes this for an error.
      next_one = next_one - 1
      wrk.thread:set("ran_out", true)
      wrk.thread:stop()
    end
    return requests[next_one]
  end
end

function done(summary, latency)
  local errors, ran_out = summary.errors, false
  for _, thread in ipairs(threads) do
    ran_out = ran_out or thread:get("ran_out") or false
  end
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d,' ..
    ' "broken": %d, "refused": %d, "ran_out": %s}\n',
    -- wrk counts the time from its last thread's start on.
    summary.requests, summary.duration + PAUSE * 1e6 * (#threads - 1) / 2,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status,
    tostring(ran_out)))
end
