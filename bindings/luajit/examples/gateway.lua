-- A gateway: shards of Discord in front of RabbitMQ. It prints each event as a line.
--
--     DISCORD_TOKEN=... GATEWAY_URL=wss://... AMQP_URL=amqp://... luajit gateway.lua SHARDS EVENT...
--
-- After SIGTERM it stops in order. When Discord refuses every shard for good, it stops, and ends with status 1.
local spectacles = require "spectacles"
local on_termination = dofile(arg[0]:match "^(.-)[^/]*$" .. "termination.lua")

io.stdout:setvbuf "line"

local shards, events = tonumber(arg[1]), { unpack(arg, 2) }

local intents = 1ULL -- GUILDS
for _, event in ipairs(events) do
    intents = bit.bor(intents, spectacles.intents_for_event(event))
end

local gateway = spectacles.gateway {
    shard = {
        token = os.getenv "DISCORD_TOKEN",
        gateway_url = os.getenv "GATEWAY_URL",
        shard_count = shards,
        intents = intents,
    },
    relay = { allow = events, flags = { "BROKERS_FIRST" } },
    broker = os.getenv "AMQP_URL",
}

on_termination(gateway, function()
    gateway:stop()
end)

local fatal = 0
for event in gateway:events() do
    local kind = event.type
    if kind ~= "SHARD_LATENCY" then
        local is_of_broker = kind:match "^BROKER_"
        print(("%s %s %s"):format(kind, is_of_broker and event.broker or event.shard_id, event.line))
    end
    if kind == "SHARD_FATAL" then
        fatal = fatal + 1
        if fatal == shards then
            gateway:stop()
        end
    end
end
os.exit(fatal == shards and 1 or 0, true)
