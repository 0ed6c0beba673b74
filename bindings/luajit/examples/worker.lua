-- A worker: it consumes events and gap records, prints each as a line, and leaves copies out. When a message is
-- "!members", it asks Discord for the members of the guild, by a SEND.
--
--     AMQP_URL=amqp://... luajit worker.lua EVENT...
--
-- What it has printed, it acknowledges; what asked for a SEND, once RabbitMQ has confirmed the SEND. After SIGTERM it
-- takes no more, and ends when everything is confirmed.
local spectacles = require "spectacles"
local on_termination = dofile(arg[0]:match "^(.-)[^/]*$" .. "termination.lua")

io.stdout:setvbuf "line"

local copies = spectacles.copies()
local broker = spectacles.broker { url = os.getenv "AMQP_URL" }
local subscriptions = {}
for index, event in ipairs(arg) do
    subscriptions[index] = broker:subscribe(event)
end

on_termination(broker, function()
    for _, subscription in ipairs(subscriptions) do
        broker:unsubscribe(subscription)
    end
    broker:close()
end)

-- The SENDs that are not confirmed, and which delivery asked for each.
local asked = {}

local function asks_for_members(event)
    if event.key ~= "MESSAGE_CREATE" then
        return nil
    end
    local message = spectacles.decode(event.body)
    return message.guild_id and tostring(message.content):match "^!members" and message
end

local function on_message(event)
    local mark = copies:mark(event)
    if copies:leave_out(mark) then
        return broker:ack(event.delivery)
    end
    local id = event.message_id or "-"
    print(("EVENT %s %s %s"):format(spectacles.printable(event.key), spectacles.printable(id), event.body))
    copies:add(mark)
    local message = asks_for_members(event)
    if not message then
        return broker:ack(event.delivery)
    end
    local d = { guild_id = message.guild_id, query = "", limit = 0, nonce = message.id }
    asked[broker:send(message.guild_id, { op = 8, d = d })] = event.delivery
end

-- RabbitMQ has the SEND, or nobody takes it: either way it is not asked again.
local function on_answer(event)
    if event.type ~= "CONFIRMED" then
        io.stderr:write("a SEND reached nobody: ", event.text, "\n")
    end
    local delivery = asked[event.tag]
    asked[event.tag] = nil
    if delivery then
        broker:ack(delivery)
    end
end

for event in broker:events() do
    local kind = event.type
    if kind == "MESSAGE" then
        on_message(event)
    elseif kind == "CONFIRMED" or kind == "RETURNED" or kind == "FAILED" then
        on_answer(event)
    elseif kind == "READY" then
        print "READY"
    elseif kind == "DISCONNECTED" or kind == "UNSUBSCRIBED" then
        io.stderr:write(event.text, "\n")
    end
end
