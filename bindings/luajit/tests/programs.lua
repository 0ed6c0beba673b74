-- The programs of tests/bindings/README.md: cancel, handles COUNT, shard COUNT, consume COUNT.
local ffi = require "ffi"
local spectacles = require "spectacles"

io.stdout:setvbuf "line"

local programs = {}

-- Counts events, and says so after each tenth of them. True: that was the last one.
local function counter(total)
    local count, size, tenth = 0, 0, math.floor(total / 10)
    return function(bytes)
        count, size = count + 1, size + bytes
        if count % tenth == 0 then
            print("EVENTS " .. count)
        end
        return count >= total
    end
end

local function shard(options)
    local settings = { token = os.getenv "DISCORD_TOKEN", gateway_url = os.getenv "GATEWAY_URL" }
    for key, value in pairs(options) do
        settings[key] = value
    end
    return spectacles.shard(settings)
end

local function broker(options)
    local settings = { url = os.getenv "AMQP_URL" }
    for key, value in pairs(options or {}) do
        settings[key] = value
    end
    return spectacles.broker(settings)
end

function programs.shard(total)
    local count, one = counter(tonumber(total)), shard { compression = "NONE" }
    for event in one:events() do
        local kind = event.type
        if kind == "DISPATCH" then
            if event.name ~= "READY" and count(#event.data) then
                break
            end
        elseif kind == "IDENTIFY" then
            one:identify()
        end
    end
end

function programs.consume(total)
    local count, one = counter(tonumber(total)), broker { group = "bench", prefetch = 1000 }
    local is_done = false
    one:subscribe "consume"
    while not one:is_final() do
        one:turn()
        for event in one.pull, one do
            if event.type == "MESSAGE" then
                is_done = count(#event.body)
                one:ack(event.delivery)
            end
        end
        -- Behind the acknowledgements: what is acknowledged later comes again.
        if is_done then
            one:close()
        end
    end
end

-- ---- cancel ----

ffi.cdef [[
int eventfd(unsigned int value, int flags);
int eventfd_read(int fd, uint64_t *value);
int eventfd_write(int fd, uint64_t value);
int close(int fd);
]]

-- True: the wait for an event was interrupted before it came.
local function is_cancelled(handle, is_wanted)
    local fd, value = ffi.C.eventfd(0, 0), ffi.new "uint64_t[1]"
    handle:watch(fd, function()
        ffi.C.eventfd_read(fd, value)
        handle:interrupt()
    end)
    ffi.C.eventfd_write(fd, 1)
    local came = false
    for event in handle:events() do
        came = came or is_wanted(event)
    end
    handle:unwatch(fd)
    ffi.C.close(fd)
    return not came and handle.interrupted
end

local function wait_for(handle, is_wanted)
    for event in handle:events() do
        if is_wanted(event) then
            return 1
        end
    end
    error "the handle has ended"
end

function programs.cancel()
    local one, worker, asker = shard { intents = { "GUILDS", "GUILD_MESSAGES" } }, broker(), broker()
    worker:subscribe "MESSAGE_CREATE"
    local call = asker:call({ key = "ASK", body = "42" }, 120000)
    local waits = {
        { one, function(event)
            if event.type == "IDENTIFY" then
                one:identify()
            end
            return event.name == "MESSAGE_CREATE"
        end },
        { worker, function(event)
            return event.type == "MESSAGE" and worker:ack(event.delivery)
        end },
        { asker, function(event)
            assert(event.type ~= "CALL_FAILED", event.text)
            return event.type == "REPLY" and event.tag == call and event.body == "42"
        end },
    }
    local cancelled, alive = 0, 0
    for _, wait in ipairs(waits) do
        while wait[1]:state() ~= "READY" do
            is_cancelled(wait[1], wait[2])
        end
        cancelled = cancelled + (is_cancelled(wait[1], wait[2]) and 1 or 0)
    end
    print("CANCELLED " .. cancelled)
    for _, wait in ipairs(waits) do
        alive = alive + wait_for(wait[1], wait[2])
    end
    print("ALIVE " .. alive)
end

-- ---- handles ----

local function gateway(with_broker)
    local made = spectacles.gateway {
        shard = { token = os.getenv "DISCORD_TOKEN", gateway_url = os.getenv "GATEWAY_URL", shard_count = 2 },
        relay = { allow = { "MESSAGE_CREATE" } },
        broker = with_broker and os.getenv "AMQP_URL" or nil,
    }
    made:process()
    assert(made:pull().line)
    return made
end

local function makers()
    return {
        function()
            local made = shard { flags = { "COMMITS" } }
            assert(made:pull().type == "CONNECTING")
            made:process()
            return made
        end,
        function()
            local made = broker()
            made:subscribe "MESSAGE_CREATE"
            made:publish { key = "MESSAGE_CREATE", body = "{}", headers = { kind = "test", tries = 3 } }
            assert(made:pull().type == "CONNECTING")
            made:process()
            return made
        end,
        function()
            return gateway(false)
        end,
        function()
            return gateway(true)
        end,
    }
end

function programs.handles(count)
    for number = 1, tonumber(count) do
        local all = {}
        for _, make in ipairs(makers()) do
            all[#all + 1] = make()
        end
        -- One is freed by hand, one is let go of before the others, and the rest go together.
        table.remove(all, number % #all + 1):free()
        collectgarbage()
        table.remove(all, number % #all + 1)
        collectgarbage()
        all = nil
        collectgarbage()
    end
    print("FREED " .. count)
end

programs[arg[1]](arg[2])
