-- A shard without the library, by lua-http and lua-cjson: shard.lua COUNT.
local cjson = require "cjson"
local websocket = require "http.websocket"

local total = tonumber(arg[1])
local authorities = os.getenv "SSL_CERT_FILE"

local function identify()
    local properties = { os = "linux", browser = "bench", device = "bench" }
    local d = { token = os.getenv "DISCORD_TOKEN", intents = 0, properties = properties, shard = { 0, 1 } }
    return cjson.encode { op = 2, d = d }
end

local function tls()
    local context = require("http.tls").new_client_context()
    local store = require("openssl.x509.store").new()
    store:add(authorities)
    context:setStore(store)
    return context
end

local socket = assert(websocket.new_from_uri(os.getenv "GATEWAY_URL" .. "/?v=10&encoding=json"))
if authorities then
    socket.request.ctx = tls()
end
assert(socket:connect())

local seen = 0
while seen < total do
    -- A text with half a surrogate, which Discord sends and cjson refuses, is an event too.
    local is_read, payload = pcall(cjson.decode, (assert(socket:receive())))
    if is_read and payload.op == 10 then
        assert(socket:send(identify(), "text"))
    elseif not is_read or payload.op == 0 and payload.t ~= "READY" then
        seen = seen + 1
        if seen % (total / 10) == 0 then
            print("EVENTS " .. seen)
            io.stdout:flush()
        end
    end
end
