-- Asks for the addresses in a file in turn, and writes what came of it as one line.
-- wrk … -s rotate.lua URL -- FILE

local requests = {}
local last = 0

function init(arguments)
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", path)
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT requests=%d microseconds=%d bytes=%d p50=%d p99=%d status=%d socket=%d timeout=%d\n",
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write, errors.timeout))
end
