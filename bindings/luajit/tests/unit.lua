-- What needs no network. It ends with status 0 when all of it holds.
local ffi = require "ffi"
local spectacles = require "spectacles"

local TOKEN, URL = "a.bot.token", "wss://gateway.discord.gg"

local function error_of(call, ...)
    local is_fine, raised = pcall(call, ...)
    assert(not is_fine and spectacles.is_error(raised), "an error of the library was raised")
    return raised
end

-- ---- Errors carry the sentence. ----

local missing = error_of(spectacles.shard, { token = "", gateway_url = URL })
assert(missing.code == "E_INVAL" and tostring(missing):match "token")
assert(error_of(spectacles.decode, "[1,]").position == 3)
local intents = { "GUILDS", "guild-messages" }
local shard = spectacles.shard { token = TOKEN, gateway_url = URL, intents = intents, compression = "NONE" }
local refused = error_of(shard.send, shard, 3, "{}")
assert(refused.code == "E_STATE" and #refused.message > 10)
assert(error_of(spectacles.broker, { urls = { "amqp://a", "amqp://b:99999" } }).index == 1)

-- ---- A setting that does not exist is not passed over. ----

assert(error_of(spectacles.shard, { tokn = TOKEN }).message:match "tokn")
assert(error_of(spectacles.shard, { token = TOKEN, intents = { "NOTHING" } }).message:match "NOTHING")
assert(error_of(spectacles.shard, { token = TOKEN, shard_count = "many" }).message:match "shard_count")
assert(error_of(spectacles.gateway, { shard = { token = TOKEN }, relay = { alow = {} } }).message:match "alow")

-- ---- Events, and a handle that was freed. ----

local event = shard:pull()
assert(event.type == "CONNECTING" and event.text == "gateway.discord.gg:443" and event.state == "CONNECTING")
assert(event.name == nil and event.data == nil and event.error == nil and event.seq == 0 and event.again_at == 0)
assert(shard:pull() == nil and not shard:is_final() and shard:state() == "CONNECTING" and shard:session() == nil)
assert(shard:stats().connects == 1 and shard:budget() == 0 and shard:fd() >= 0 and shard:timeout() <= 5000)
shard:free()
assert(error_of(function()
    shard:pull()
end).message:match "freed")

-- ---- Brokers: a message waits, with headers. ----

local broker = spectacles.broker { url = "amqp://localhost", queue_type = "QUORUM", declare = "PASSIVE" }
assert(broker:subscribe { event = "KEY", prefetch = 5, arguments = { ["x-max-length"] = 10 } } == 0)
local headers = { kind = "test", sure = true, half = 0.5 }
assert(broker:publish { key = "KEY", body = "{}", headers = headers, expiration = "5000" } == 1)
assert(broker:send("4611686018427387904", { op = 4, d = { guild_id = "1", channel_id = spectacles.null } }) == 2)
assert(broker:call({ key = "ASK", body = "1" }, 1000) == 3)
assert(broker:has_room() and tonumber(broker:stats().unconfirmed) == 3)
assert(broker:ack(1) == false and not broker:holds(1))
assert(error_of(broker.publish, broker, { key = "KEY", expiration = "soon" }).message:match "expiration")

-- ---- Copies: the same message again, and the same event by another number of shards. ----

-- shards: with the headers by which the copies of a resharding are known.
local function mark_of(copies, id, shards)
    local made, list = ffi.new "spectacles_broker_event", ffi.new "spectacles_header[2]"
    local digest = "0123456789abcdef0123456789abcdef"
    list[0].type, list[0].integer = ffi.C.SPECTACLES_HEADER_INTEGER, shards or 0
    list[0].key, list[0].key_length = "shards", #"shards"
    list[1].type, list[1].key, list[1].key_length = ffi.C.SPECTACLES_HEADER_TEXT, "digest", #"digest"
    list[1].bytes, list[1].bytes_length = ffi.cast("const void *", digest), #digest
    made.message_id, made.headers, made.header_count = id, list, shards and 2 or 0
    broker.event.raw, broker.event.kept = made, { list, id }
    return copies:mark(broker.event)
end

local copies = spectacles.copies()
local mark = mark_of(copies, "a:1")
assert(not copies:leave_out(mark) and not copies:leave_out(mark), "work that was cut off is done again")
copies:add(mark)
assert(copies:leave_out(mark_of(copies, "a:1")) and not copies:leave_out(mark_of(copies, "a:2")))
local none = mark_of(copies, nil)
copies:add(none)
assert(not copies:leave_out(none), "a message without a message-id is no copy")

copies = spectacles.copies { remembered = 8 }
assert(not copies:leave_out(mark_of(copies, "a:1", 2), 1) and not copies:leave_out(mark_of(copies, "a:2", 2), 2))
assert(copies:leave_out(mark_of(copies, "b:1", 4), 3) and copies:leave_out(mark_of(copies, "b:2", 4), 4))
assert(not copies:leave_out(mark_of(copies, "b:3", 4), 5), "each event has one copy")
assert(not copies:leave_out(mark_of(copies, "a:3", 2), 40000), "an event long after")

copies = spectacles.copies { remembered = 1 }
for _, id in ipairs { "a:1", "a:2", "a:3" } do
    copies:add(mark_of(copies, id))
end
assert(copies:leave_out(mark_of(copies, "a:3")) and not copies:leave_out(mark_of(copies, "a:1")))
assert(error_of(spectacles.copies, { remembered = 0 }).message:match "remembered")
assert(error_of(spectacles.copies, { rememberd = 1 }).message:match "rememberd")
copies:free()
assert(error_of(function()
    copies:add(mark)
end).message:match "freed")

-- ---- Gateways without connections, and their state. ----

local settings = {
    shard = {
        token = TOKEN,
        gateway_url = URL,
        shard_count = 2,
        presence = { since = spectacles.null, activities = spectacles.array {}, status = "idle", afk = false },
    },
    relay = { allow = { "MESSAGE_CREATE" }, more_ops = { 99 } },
    link = { connect_timeout = 5000 },
}
local gateway = spectacles.gateway(settings)
local ids = gateway:shard_ids()
assert(#ids == 2 and ids[1] == 0 and ids[2] == 1)
local first = gateway:pull()
assert(first.type == "SHARD_CONNECTING" and first.shard_count == 2)
assert(first.line:match "connecting to gateway.discord.gg:443")
gateway:drop_shard(1)
gateway:add_shard(1, { shard_id = 1, shard_count = 2, session_id = "abc", seq = 17 })
local session = gateway:session(1)
assert(session.session_id == "abc" and session.seq == 17)
local stored = gateway:state()
assert(stored:match '"session":"abc"')
settings.state = stored
assert(spectacles.gateway(settings):session(1).seq == 17)
settings.state = "nonsense"
assert(error_of(spectacles.gateway, settings).code == "E_PROTO")
assert(error_of(gateway.acknowledge, gateway, 9).code == "E_INVAL")
gateway:set_allow({ "READY" })
gateway:set_presence '{"since":null,"activities":[],"status":"dnd","afk":false}'
assert(tonumber(gateway:stats().shards) == 2 and gateway:shard_stats(0) and not gateway:shard_stats(7))
assert(next(gateway:event_counts()) == nil or gateway:event_counts()[""] == 0)

-- ---- Documents. ----

local read = spectacles.decode [=[
    {"id":"42","list":[1,-2,2.5,true,null,[]],"large":9007199254740993,"huge":18446744073709551615}
]=]
assert(read.id == "42" and read.list[2] == -2 and read.list[3] == 2.5)
assert(read.list[4] == true and read.list[5] == spectacles.null)
assert(read.large == "9007199254740993" and read.huge == "18446744073709551615")
assert(spectacles.encode(read.list) == "[1,-2,2.5,true,null,[]]" and spectacles.encode {} == "{}")
assert(spectacles.encode { guild = 18446744073709551615ULL } == '{"guild":18446744073709551615}')
assert(spectacles.decode(spectacles.encode({ a = { 1 } }, "ETF")).a[1] == 1)
assert(error_of(spectacles.encode, { print }).message:match "function")
assert(error_of(spectacles.encode, { ["\255"] = 1 }).code == "E_INVAL")

-- ---- Names and the like. ----

assert(spectacles.send_key == "SEND" and spectacles.gap_key == "SPECTACLES_GAP")
assert(spectacles.id "4611686018427387904" == 4611686018427387904ULL and spectacles.route_shard("4194304", 2) == 1)
assert(error_of(spectacles.id, "12a").message:match "12a")
assert(spectacles.printable "a\27b" == "a?b" and spectacles.version():match "^%d+%.%d+%.%d+$")
assert(spectacles.intents_for_event "GUILD_CREATE" == 1ULL)
assert(spectacles.intents_privileged { "GUILDS", "GUILD_MEMBERS" } == 2ULL)
local answer = spectacles.gateway_bot(503, "nobody is there", "7")
assert(answer.wait == 7000ULL and ffi.string(answer.text):match "503")

-- ---- A wait ends by itself, and by whoever interrupts it. ----

local began = spectacles.now()
for _ in spectacles.broker({ url = "amqp://localhost:1" }):events(20) do end
assert(spectacles.now() - began >= 20ULL)

-- ---- Settings live until they are used, whatever the garbage collector does meanwhile. ----

for number = 1, 300 do
    local made = spectacles.shard {
        token = "a.bot." .. number,
        gateway_url = "wss://host" .. number .. ".test",
        session = { shard_count = 1, session_id = "s" .. number, seq = number },
    }
    assert(made:session().session_id == "s" .. number and made:pull().text == ("host%d.test:443"):format(number))
    spectacles.gateway {
        shard = { token = "a.bot." .. number, gateway_url = "wss://host" .. number .. ".test" },
        relay = { allow = { "EVENT_" .. number, "OTHER_" .. number } },
        broker = "amqp://host" .. number,
    }
    if number % 10 == 0 then
        collectgarbage()
    end
end
