-- libspectacles for LuaJIT: Discord's gateway and the Spectacles protocol over RabbitMQ, through the FFI.
--
-- SPDX-License-Identifier: MIT
--
--     local spectacles = require "spectacles"
--     local broker = spectacles.broker { url = "amqp://localhost" }
--     broker:subscribe "MESSAGE_CREATE"
--     for event in broker:events() do
--         if event.type == "MESSAGE" then
--             print(event.key, event.body)
--             broker:ack(event.delivery)
--         end
--     end
--
-- The rules that hold for all of it:
--
-- - spectacles.shard, .broker and .gateway make a handle from a table of settings. The settings are the fields of the
--   structs of C (spectacles_shard_config and so on), by the same names. The manual of each is the header of C.
-- - A handle has what it needs to run: its connection, and a poller. events() waits for events and ends with the
--   handle; turn() and pull() are its parts: `for event in broker.pull, broker do` goes through those that there are
--   now. fd(), timeout(), process(), pull() and flush() are for the loop of somebody else.
-- - There is one event object for each handle. It is read anew with each event: keep its fields, and not the object.
-- - A call that fails raises a table with `message` (the sentence of the library), `code` ("E_INVAL") and, where there
--   is one, `position`. tostring() of it is the sentence.
-- - The garbage collector frees handles, in any order. free() does it at once.
-- - Times are milliseconds. A handle belongs to one thread at a time.

local ffi = require "ffi"

local spectacles = {}

-- ---- The library ----

local function read_file(path)
    local file = path and io.open(path)
    local text = file and file:read "*a"
    if file then
        file:close()
    end
    return text
end

local function ask_pkg_config()
    local pipe = io.popen "pkg-config --variable=cdef spectacles 2>/dev/null"
    local path = pipe and pipe:read "*l"
    if pipe then
        pipe:close()
    end
    return read_file(path and path:gsub("\\(.)", "%1")) -- as for a shell: spaces have a backslash
end

-- Beside this file as it is installed (share/lua/5.1), in the system's folders, or where pkg-config says.
local function declarations()
    local here = debug.getinfo(1, "S").source:match "^@(.*)share/lua/5%.1/spectacles%.lua$"
    local text = read_file(os.getenv "SPECTACLES_CDEF")
        or here and read_file(here .. "share/spectacles/spectacles.cdef")
        or read_file "/usr/local/share/spectacles/spectacles.cdef" or read_file "/usr/share/spectacles/spectacles.cdef"
        or ask_pkg_config()
    return text
        or error("spectacles.cdef is not found: install the headers of libspectacles, or name it in SPECTACLES_CDEF", 0)
end

if not pcall(ffi.typeof, "spectacles_problem") then
    ffi.cdef(declarations())
end

local function load_library()
    local is_there, library = pcall(ffi.load, "spectacles")
    return is_there and library or ffi.load "libspectacles.so.0"
end

local C = load_library()
local never = C.spectacles_never()
local length = ffi.new "size_t[1]"
local number64 = ffi.new "uint64_t[1]"
local number32 = ffi.new "uint32_t[1]"

-- ---- Errors ----

local Error = {}
Error.__index = Error
Error.__tostring = function(self)
    return self.message
end

local function fail(code, message, problem)
    local made = { code = ffi.string(C.spectacles_error_name(code)), message = message }
    if made.message == "" then
        made.message = ffi.string(C.spectacles_strerror(code))
    end
    if problem then
        made.position, made.index = tonumber(problem.position), tonumber(problem.index)
    end
    error(setmetatable(made, Error), 0)
end

local function fail_of_caller(message, ...)
    fail(C.SPECTACLES_E_INVAL, message:format(...))
end

--- Whether a value that was raised is an error of the library.
function spectacles.is_error(value)
    return getmetatable(value) == Error
end

-- Makes a handle of C by its `_new`: create(out, problem).
local function make(type_name, free, create)
    local out, problem = ffi.new(type_name .. " *[1]"), ffi.new "spectacles_problem"
    local code = create(out, problem)
    if code < 0 then
        fail(code, ffi.string(problem.text), problem)
    end
    return ffi.gc(out[0], free)
end

local Freed = {
    __index = function()
        fail_of_caller "this handle was freed"
    end,
}

-- The sentence of a handle, when its call has failed.
local function check(self, code)
    if code < 0 then
        fail(code, ffi.string(self.last_error(self.raw)))
    end
    return code
end

-- ---- Settings ----

local function constant(prefix, name)
    local is_there, value = pcall(function()
        return C[prefix .. name:upper():gsub("%-", "_")]
    end)
    return is_there and tonumber(value) or fail_of_caller("there is no %s%s", prefix, name)
end

-- A number, a name, or a list of names.
local function mask(prefix, value)
    if type(value) == "number" or type(value) == "cdata" then
        return value
    end
    local made = 0ULL
    for _, name in ipairs(type(value) == "table" and value or { value }) do
        made = bit.bor(made, 0ULL + constant(prefix, name))
    end
    return made
end

local function mask_of(field, prefix)
    return function(struct, value)
        struct[field] = mask(prefix, value)
    end
end

local function name_of(field, prefix)
    return function(struct, value)
        struct[field] = type(value) == "string" and constant(prefix, value) or value
    end
end

-- The bytes of a string, for as long as the string lives.
local function bytes_of(text)
    return ffi.cast("const uint8_t *", text)
end

-- A list of texts, and how many there are.
local function texts_of(field, count)
    return function(struct, value, kept)
        local texts = ffi.new("const char *[?]", #value, value)
        kept[#kept + 1] = texts
        struct[field], struct[count] = texts, #value
    end
end

local function numbers_of(field, count)
    return function(struct, value, kept)
        local numbers = ffi.new("uint32_t[?]", #value, value)
        kept[#kept + 1] = numbers
        struct[field], struct[count] = numbers, #value
    end
end

-- A text with its length behind it.
local function text_of(field)
    return function(struct, value)
        struct[field], struct[field .. "_length"] = ffi.cast("const void *", value), #value
    end
end

local function assign(struct, key, value)
    struct[key] = value
end

-- What a struct points to lives as long as the struct: the struct is the weak key.
local anchors = setmetatable({}, { __mode = "k" })

-- Fills a struct of settings.
local function settings(type_name, init, options, special)
    local struct, kept = ffi.new(type_name), {}
    init(struct, ffi.sizeof(struct))
    for key, value in pairs(options or {}) do
        local set = special[key]
        if set then
            set(struct, value, kept)
        elseif not pcall(assign, struct, key, value) then
            fail_of_caller("%s has no setting '%s', or it is not of the type %s", type_name, tostring(key), type(value))
        end
    end
    kept[#kept + 1] = options
    anchors[struct] = kept
    return struct
end

local function headers_of(field, count)
    local function header(made, key, value)
        made.key, made.key_length = key, #key
        if type(value) == "boolean" then
            made.type, made.integer = C.SPECTACLES_HEADER_BOOLEAN, value and 1 or 0
        elseif type(value) == "string" then
            made.type, made.bytes, made.bytes_length = C.SPECTACLES_HEADER_TEXT, ffi.cast("const void *", value), #value
        elseif value == math.floor(value) then
            made.type, made.integer = C.SPECTACLES_HEADER_INTEGER, value
        else
            made.type, made.real = C.SPECTACLES_HEADER_REAL, value
        end
    end
    return function(struct, value, kept)
        local keys = {}
        for key in pairs(value) do
            keys[#keys + 1] = key
        end
        local list = ffi.new("spectacles_header[?]", #keys)
        for index, key in ipairs(keys) do
            header(list[index - 1], key, value[key])
        end
        kept[#kept + 1] = list
        struct[field], struct[count] = list, #keys
    end
end

local link_settings = {
    flags = mask_of("flags", "SPECTACLES_LINK_"),
    source_address = function(struct, value)
        ffi.copy(struct.source_address, value)
    end,
    -- { ca_file = "..", cert_file = "..", key_file = ".." }
    tls = function(struct, value, kept)
        local config = settings("spectacles_tls_config", C.spectacles_tls_config_init, value, {
            flags = mask_of("flags", "SPECTACLES_TLS_"),
        })
        local made = make("spectacles_tls", C.spectacles_tls_free, function(out, problem)
            return C.spectacles_tls_new(out, config, problem)
        end)
        kept[#kept + 1] = made
        struct.tls = made
    end,
}

local function link_config(options)
    return settings("spectacles_link_config", C.spectacles_link_config_init, options, link_settings)
end

-- Settings that are of C's own struct: { shard = {..} } of a gateway.
local function part_of(field, config)
    return function(struct, value, kept)
        local made = config(value)
        kept[#kept + 1] = made
        struct[field] = made
    end
end

local function nothing() end

-- ---- Documents ----

--- null of JSON, in what decode() gives and encode() takes.
spectacles.null = setmetatable({}, { __tostring = function()
    return "null"
end })

local Array = {}

--- Says that a table is an array, for encode(): an empty table is an object otherwise.
function spectacles.array(table)
    return setmetatable(table, Array)
end

local function document()
    local out = ffi.new "spectacles_document *[1]"
    local code = C.spectacles_document_new(out)
    return code == 0 and ffi.gc(out[0], C.spectacles_document_free) or fail(code, "")
end

local function bytes()
    local out = ffi.new "spectacles_bytes *[1]"
    local code = C.spectacles_bytes_new(out)
    return code == 0 and ffi.gc(out[0], C.spectacles_bytes_free) or fail(code, "")
end

local function string_of(made)
    return ffi.string(C.spectacles_bytes_data(made), C.spectacles_bytes_length(made))
end

local from_value

local function from_container(value, is_object)
    local made = is_object and {} or spectacles.array {}
    local each = C.spectacles_value_first(value)
    while each ~= nil do
        if is_object then
            local key = C.spectacles_value_key(each, length)
            made[ffi.string(key, length[0])] = from_value(each)
        else
            made[#made + 1] = from_value(each)
        end
        each = C.spectacles_value_next(each)
    end
    return made
end

-- A whole number beyond 2^53 is a text, because a number of Lua would round it.
local function from_number(value)
    local double = ffi.new "double[1]"
    local integer = ffi.new "int64_t[1]"
    if C.spectacles_value_type(value) == C.SPECTACLES_VALUE_NUMBER then
        C.spectacles_value_double(value, double)
        return double[0]
    end
    if C.spectacles_value_int64(value, integer) == 0 then
        local is_exact = integer[0] >= -9007199254740992LL and integer[0] <= 9007199254740992LL
        return is_exact and tonumber(integer[0]) or tostring(integer[0]):gsub("LL$", "")
    end
    C.spectacles_value_uint64(value, number64)
    return (tostring(number64[0]):gsub("ULL$", ""))
end

function from_value(value)
    local kind = C.spectacles_value_type(value)
    if kind == C.SPECTACLES_VALUE_TEXT then
        local text = C.spectacles_value_text(value, length)
        return ffi.string(text, length[0])
    elseif kind == C.SPECTACLES_VALUE_OBJECT or kind == C.SPECTACLES_VALUE_ARRAY then
        return from_container(value, kind == C.SPECTACLES_VALUE_OBJECT)
    elseif kind == C.SPECTACLES_VALUE_TRUE or kind == C.SPECTACLES_VALUE_FALSE then
        return C.spectacles_value_is_true(value) == 1
    elseif kind == C.SPECTACLES_VALUE_INTEGER or kind == C.SPECTACLES_VALUE_NUMBER then
        return (from_number(value))
    end
    return spectacles.null
end

--- Reads a document: a table, or another value. format: "JSON", "ETF", "MSGPACK"; nil: what it seems to be.
function spectacles.decode(text, format)
    local read, problem = document(), ffi.new "spectacles_problem"
    local from = format and constant("SPECTACLES_FORMAT_", format) or C.SPECTACLES_FORMAT_RAW
    local code = C.spectacles_document_parse(read, from, 0, text, #text, problem)
    if code < 0 then
        fail(code, ffi.string(problem.text), problem)
    end
    return from_value(C.spectacles_document_root(read))
end

local function succeed(code)
    if code < 0 then
        fail(code, "")
    end
end

local to_value

local function to_container(made, table, out)
    local value
    if getmetatable(table) == Array or table[1] ~= nil then
        succeed(C.spectacles_document_array(made, out))
        value = out[0]
        for _, each in ipairs(table) do
            succeed(C.spectacles_value_append(value, to_value(made, each, out)))
        end
    else
        succeed(C.spectacles_document_object(made, out))
        value = out[0]
        for key, each in pairs(table) do
            succeed(C.spectacles_value_set(value, key, #key, to_value(made, each, out)))
        end
    end
    return value
end

function to_value(made, value, out)
    local kind, code = type(value), nil
    if value == spectacles.null then
        code = C.spectacles_document_null(made, out)
    elseif kind == "table" then
        return to_container(made, value, out)
    elseif kind == "string" then
        code = C.spectacles_document_text(made, value, #value, out)
    elseif kind == "boolean" then
        code = C.spectacles_document_bool(made, value, out)
    elseif ffi.istype("uint64_t", value) then
        code = C.spectacles_document_uint64(made, value, out)
    elseif kind == "cdata" or kind == "number" and value == math.floor(value) and math.abs(value) <= 2 ^ 53 then
        code = C.spectacles_document_int64(made, value, out)
    elseif kind == "number" then
        code = C.spectacles_document_double(made, value, out)
    else
        fail_of_caller("a document has no place for a value of the type %s", kind)
    end
    return code == 0 and out[0] or fail(code, "")
end

--- Writes a table, or another value, as a document. format: "JSON" when it is left out.
function spectacles.encode(value, format)
    local made, out, problem = document(), bytes(), ffi.new "spectacles_problem"
    local root = to_value(made, value, ffi.new "spectacles_value *[1]")
    local code = C.spectacles_value_write(root, constant("SPECTACLES_FORMAT_", format or "JSON"), out, problem)
    return code == 0 and string_of(out) or fail(code, ffi.string(problem.text))
end

-- What is sent to Discord: JSON, or a table that becomes JSON.
local function as_json(d)
    return type(d) == "table" and spectacles.encode(d) or d
end

--- An id of Discord as a number of 64 bits: of a text, or a number.
function spectacles.id(value)
    if type(value) ~= "string" then
        return ffi.cast("uint64_t", value)
    end
    local made = 0ULL
    for digit in value:gmatch "." do
        made = made * 10 + (tonumber(digit) or fail_of_caller("'%s' is not an id", value))
    end
    return made
end

-- ---- Events ----

-- The names of the values of an enum.
local function names(function_name, count)
    local made = {}
    for value = 0, count do
        made[value] = ffi.string(C[function_name](value))
    end
    return made
end

local states = { shard = names("spectacles_shard_state_name", 31), broker = names("spectacles_broker_state_name", 31) }
local formats = names("spectacles_format_name", 15)
local failures = names("spectacles_call_failure_name", 15)

local function error_name(error)
    return error ~= 0 and ffi.string(C.spectacles_error_name(error)) or nil
end

-- A function that reads a field. Each is compiled by itself, so that the compiler of LuaJIT sees the name of the field.
local function reader(body, ...)
    return loadstring("local ffi, names = ... return function(raw) " .. body .. " end")(ffi, ...)
end

local function text_reader(field)
    local body = "local text = raw.%s if text ~= nil then return ffi.string(text, raw.%s_length) end"
    return reader(body:format(field, field))
end

local function property_reader(field)
    return reader(("local text = raw.%s if text ~= nil then return ffi.string(text) end"):format(field))
end

local function number_reader(field)
    return reader(("return tonumber(raw.%s)"):format(field))
end

local function name_reader(field, list)
    return reader(("return names[tonumber(raw.%s)]"):format(field), list)
end

local function readers(plan)
    local made = {}
    for _, field in ipairs(plan.texts) do
        made[field] = text_reader(field)
    end
    for _, field in ipairs(plan.properties or {}) do
        made[field] = property_reader(field)
    end
    for _, field in ipairs(plan.numbers) do
        made[field] = number_reader(field)
    end
    for field, list in pairs(plan.names) do
        made[field] = name_reader(field, list)
    end
    made.error = function(raw)
        return error_name(raw.error)
    end
    -- `until` is a word of Lua. Never is math.huge.
    made.again_at = reader('local time = raw["until"] return time == names and math.huge or tonumber(time)', never)
    return made
end

-- An event: a table with the struct of C (raw), whose fields are read when they are asked for.
local function event_of(reads)
    return setmetatable({ raw = nil }, {
        __index = function(event, key)
            local read = reads[key]
            if read then
                return read(event.raw)
            end
        end,
    })
end

-- The event that was pulled, or nil.
local function pulled(event, raw)
    if raw == nil then
        return nil
    end
    event.raw = raw
    return event
end

-- ---- The loop ----

-- What shards, brokers and gateways have in common. `watched` are the descriptors of the owner.
local Loop = {}

local function methods()
    local made = {}
    for name, method in pairs(Loop) do
        made[name] = method
    end
    made.__index = made
    return made
end

--- The events, one after the other: waits for them, until the handle has ended, interrupt() was called, or `timeout`
--- milliseconds have passed. What was not handed out comes with the next events().
function Loop:events(timeout)
    local deadline = timeout and C.spectacles_now() + timeout or never
    self.interrupted = false
    return function()
        while true do
            local event = self:pull()
            if event then
                return event
            end
            if self.interrupted or self:is_final() or C.spectacles_now() >= deadline then
                return nil
            end
            self:turn(deadline)
        end
    end
end

--- Ends the events() that waits now: for the functions of watch().
function Loop:interrupt()
    self.interrupted = true
end

--- One turn: writes what calls have led to, waits until there is something to do, and moves bytes. deadline: on the
--- clock of spectacles.now(); nil: none. Blocks, for at most five seconds.
function Loop:turn(deadline)
    self:flush()
    self:wait(deadline or never)
    self:process()
end

--- Calls a function in the turn in which a descriptor of the owner is readable: a pipe, a signalfd.
function Loop:watch(fd, callback)
    local code = C.spectacles_poller_watch(self.poller, fd)
    if code < 0 then
        fail(code, ffi.string(C.spectacles_poller_last_error(self.poller)))
    end
    self.watched[#self.watched + 1] = { fd = fd, callback = callback }
end

--- Before the descriptor is closed.
function Loop:unwatch(fd)
    C.spectacles_poller_unwatch(self.poller, fd)
    for index = #self.watched, 1, -1 do
        if self.watched[index].fd == fd then
            table.remove(self.watched, index)
        end
    end
end

local function call_watched(self)
    local watched = self.watched
    for index = #watched, 1, -1 do
        if C.spectacles_poller_is_readable(self.poller, watched[index].fd) == 1 then
            watched[index].callback()
        end
    end
end

--- The descriptor that stands for the connections, for a loop of somebody else: watch it for reading.
function Loop:fd()
    return C.spectacles_poller_fd(self.poller)
end

--- How many milliseconds that loop may wait: 0: something is to be done at once; -1: as long as it likes; at most 5000.
function Loop:timeout()
    return C.spectacles_poll_timeout(self:deadline(), C.spectacles_now())
end

--- Frees the handle at once.
function Loop:free()
    for _, name in ipairs { "raw", "link", "poller", "resolver" } do
        if self.owned[name] then
            self.owned[name](ffi.gc(self[name], nil))
        end
        self[name] = nil
    end
    setmetatable(self, Freed)
end

-- A handle. owned: what it frees, and how.
local function handle(class, raw, fields, last_error)
    fields.raw, fields.last_error = raw, last_error
    fields.watched, fields.interrupted, fields.now = {}, false, C.spectacles_now()
    return setmetatable(fields, class)
end

-- ---- Engines: a shard or a broker with its link, its poller and its resolver ----

-- Settings of a handle that draws its seed from the operating system.
local function seeded_config(type_name, init, options, special)
    local config = settings(type_name, init, options, special)
    if config.seed == 0 then
        config.seed = C.spectacles_random_seed()
    end
    return config
end

-- calls: new, free, stream and last_error of the handle.
local function engine(class, type_name, calls, config, reads, options)
    local raw = make(type_name, calls.free, function(out, problem)
        return calls.new(out, config, problem)
    end)
    local link_settings = link_config(options.link)
    local link = make("spectacles_link", C.spectacles_link_free, function(out, problem)
        return C.spectacles_link_new(out, calls.stream(raw), link_settings, problem)
    end)
    local resolver = make("spectacles_resolver", C.spectacles_resolver_free, function(out, problem)
        return C.spectacles_resolver_new(out, nil, problem)
    end)
    local poller = make("spectacles_poller", C.spectacles_poller_free, function(out, problem)
        return C.spectacles_poller_new(out, nil, problem)
    end)
    local fields = { link = link, resolver = resolver, poller = poller, event = event_of(reads) }
    local made = handle(class, raw, fields, calls.last_error)
    made.owned = { raw = calls.free, link = C.spectacles_link_free, poller = C.spectacles_poller_free }
    made.owned.resolver = C.spectacles_resolver_free
    made.resolver_fd = C.spectacles_resolver_fd(resolver)
    local code = C.spectacles_poller_add(poller, link, 0)
    code = code < 0 and code or C.spectacles_poller_watch(poller, made.resolver_fd)
    return code == 0 and made or fail(code, ffi.string(C.spectacles_poller_last_error(poller)))
end

local function check_poller(self, code)
    if code < 0 then
        fail(code, ffi.string(C.spectacles_poller_last_error(self.poller)))
    end
end

local function take_answers(self)
    self.asked = nil
    local answer = C.spectacles_resolver_next_answer(self.resolver, self.now)
    while answer ~= nil do
        local host = C.spectacles_link_wants_address(self.link)
        if host ~= nil and ffi.string(host) == ffi.string(answer.host) then
            if answer.addresses ~= nil then
                C.spectacles_link_set_address(self.link, answer.addresses, answer.addresses_length)
            else
                C.spectacles_link_set_no_address(self.link, answer.why, answer.why_length)
            end
        end
        answer = C.spectacles_resolver_next_answer(self.resolver, self.now)
    end
    check_poller(self, C.spectacles_poller_process(self.poller, self.now))
end

-- Names are looked up beside the loop.
local function look_up(self)
    local host = C.spectacles_link_wants_address(self.link)
    if host ~= nil and not self.asked then
        self.asked = true
        C.spectacles_resolver_ask(self.resolver, host, 1, self.now)
    end
    if C.spectacles_poller_is_readable(self.poller, self.resolver_fd) == 1
        or C.spectacles_resolver_deadline(self.resolver) <= self.now then
        take_answers(self)
    end
end

local Engine = {}

function Engine:wait(deadline)
    local of_resolver = C.spectacles_resolver_deadline(self.resolver)
    local first = of_resolver < deadline and of_resolver or deadline
    check_poller(self, C.spectacles_poller_wait(self.poller, first, C.spectacles_now()))
end

--- Moves bytes, for a loop of somebody else. Pull the events after it, and flush.
function Engine:process()
    self.now = C.spectacles_now()
    check_poller(self, C.spectacles_poller_process(self.poller, self.now))
    look_up(self)
    call_watched(self)
end

--- Writes what the calls of this turn have led to.
function Engine:flush()
    check_poller(self, C.spectacles_poller_flush(self.poller, C.spectacles_now()))
end

function Engine:deadline()
    local one, other = C.spectacles_poller_deadline(self.poller), C.spectacles_resolver_deadline(self.resolver)
    return one < other and one or other
end

--- The address that the engine is connected to, or tried last.
function Engine:peer()
    return ffi.string(C.spectacles_link_peer(self.link))
end

local function engine_methods()
    local made = methods()
    for name, method in pairs(Engine) do
        made[name] = method
    end
    return made
end

local function stats(type_name, init, read)
    return function(self)
        local out = ffi.new(type_name)
        init(out, ffi.sizeof(out))
        read(self.raw, out)
        return out
    end
end

-- ---- Shards ----

local Shard = engine_methods()

local session_fields = { "shard_id", "shard_count", "format" }

-- A session as a table, which can be stored and given back as a setting.
local function session_table(raw)
    local made = { seq = tonumber(raw.seq), session_id = ffi.string(raw.session_id) }
    for _, field in ipairs(session_fields) do
        made[field] = raw[field]
    end
    made.resume_url = raw.resume_url ~= nil and ffi.string(raw.resume_url) or nil
    return made
end

local function session_of(struct, value, kept)
    local made = settings("spectacles_session", C.spectacles_session_init, value, {})
    kept[#kept + 1] = made
    struct.session = made
end

local function presence_of(struct, value, kept)
    local text = as_json(value)
    kept[#kept + 1] = text
    struct.presence = text
end

local shard_settings = {
    flags = mask_of("flags", "SPECTACLES_SHARD_"),
    intents = mask_of("intents", "SPECTACLES_INTENT_"),
    format = name_of("format", "SPECTACLES_FORMAT_"),
    compression = name_of("compression", "SPECTACLES_COMPRESSION_"),
    presence = presence_of,
    session = session_of,
    link = nothing,
}

local function shard_config(options)
    return seeded_config("spectacles_shard_config", C.spectacles_shard_config_init, options, shard_settings)
end

local shard_readers = readers {
    texts = { "name", "data", "text", "session_id" },
    numbers = { "code", "seq", "ticket", "duration", "hold_until" },
    names = { type = names("spectacles_shard_event_type_name", 63), state = states.shard, format = formats },
}

--- One connection to Discord's gateway. options: spectacles_shard_config (token, gateway_url, intents, ..), and `link`.
--- Texts for masks and enums: intents = { "GUILDS" }, flags = { "COMMITS" }, compression = "NONE".
function spectacles.shard(options)
    local calls = { new = C.spectacles_shard_new, free = C.spectacles_shard_free }
    calls.stream, calls.last_error = C.spectacles_shard_stream, C.spectacles_shard_last_error
    return engine(Shard, "spectacles_shard", calls, shard_config(options), shard_readers, options)
end

--- The next event that there is now, or nil. Its time is read anew: calls between two events have later times, and time
--- must not run backwards on a handle.
function Shard:pull()
    return pulled(self.event, C.spectacles_shard_next_event(self.raw, C.spectacles_now()))
end

--- Grants the identify that an IDENTIFY event asked for.
function Shard:identify()
    check(self, C.spectacles_shard_identify(self.raw, C.spectacles_now()))
end

--- Sends {"op": op, "d": d}; d: JSON, or a table. Returns the ticket of its SENT or UNSENT.
function Shard:send(op, d)
    local text = as_json(d)
    check(self, C.spectacles_shard_send(self.raw, op, bytes_of(text), #text, C.spectacles_now(), number64))
    return tonumber(number64[0])
end

--- The presence from now on: JSON, or a table.
function Shard:set_presence(d)
    local text = as_json(d)
    check(self, C.spectacles_shard_set_presence(self.raw, bytes_of(text), #text))
end

function Shard:set_token(token)
    check(self, C.spectacles_shard_set_token(self.raw, token))
end

--- How many packets send() would take now.
function Shard:budget()
    C.spectacles_shard_budget(self.raw, C.spectacles_now(), number32, nil)
    return number32[0]
end

--- Everything up to this sequence is safe. With the flag COMMITS.
function Shard:commit(seq)
    check(self, C.spectacles_shard_commit(self.raw, seq))
end

--- The session is stored with this sequence. With the flag STORED_HEARTBEATS.
function Shard:stored(session_id, seq)
    check(self, C.spectacles_shard_stored(self.raw, session_id, seq))
end

--- The session as a table, to be stored, and to be given back as the setting `session`; nil: there is none.
function Shard:session()
    local raw = ffi.new "spectacles_session"
    C.spectacles_session_init(raw, ffi.sizeof(raw))
    return C.spectacles_shard_session(self.raw, raw) == 0 and session_table(raw) or nil
end

--- Ends the connection and the shard; go on with events(). code: 0 or nil keeps the session.
function Shard:close(code)
    check(self, C.spectacles_shard_close(self.raw, code or 0, C.spectacles_now()))
end

function Shard:reconnect()
    check(self, C.spectacles_shard_reconnect(self.raw, C.spectacles_now()))
end

--- Makes no new connection for so many milliseconds.
function Shard:hold_off(milliseconds)
    C.spectacles_shard_hold_off(self.raw, C.spectacles_now() + milliseconds)
end

function Shard:network_changed()
    C.spectacles_shard_network_changed(self.raw, C.spectacles_now())
end

function Shard:state()
    return states.shard[C.spectacles_shard_state(self.raw)]
end

function Shard:is_final()
    return C.spectacles_shard_state(self.raw) >= C.SPECTACLES_SHARD_CLOSED
end

--- The counters: a struct of C.
Shard.stats = stats("spectacles_shard_stats", C.spectacles_shard_stats_init, C.spectacles_shard_get_stats)

-- ---- Brokers ----

local Broker = engine_methods()

local function urls_of(struct, value, kept)
    texts_of("urls", "url_count")(struct, type(value) == "table" and value or { value }, kept)
end

local broker_settings = {
    url = urls_of,
    urls = urls_of,
    declare = function(struct, value)
        struct.declare = value == "DECLARE" and C.SPECTACLES_DECLARE or constant("SPECTACLES_DECLARE_", value)
    end,
    queue_type = name_of("queue_type", "SPECTACLES_QUEUE_"),
    format = name_of("format", "SPECTACLES_FORMAT_"),
    link = nothing,
}

local function broker_config(options)
    return seeded_config("spectacles_broker_config", C.spectacles_broker_config_init, options, broker_settings)
end

local broker_readers = readers {
    texts = { "key", "body", "text", "queue" },
    properties = { "content_type", "message_id", "correlation_id", "reply_to", "expiration" },
    numbers = { "code", "subscription", "tag", "priority", "unconfirmed_count", "message_count", "consumer_count" },
    names = { type = names("spectacles_broker_event_type_name", 63), reason = failures, format = formats },
}

-- Of 64 bits, which a number of Lua does not hold: pass it on as it is.
broker_readers.delivery = function(raw)
    return raw.delivery
end

broker_readers.redelivered = function(raw)
    return raw.redelivered == 1
end

local header_value

local function header_table(header)
    local made, position, entry = {}, ffi.new "size_t[1]", ffi.new "spectacles_header"
    while C.spectacles_header_next(header, position, entry) == 1 do
        made[entry.key ~= nil and ffi.string(entry.key, entry.key_length) or #made + 1] = header_value(entry)
    end
    return made
end

function header_value(header)
    local kind = header.type
    if kind == C.SPECTACLES_HEADER_BOOLEAN then
        return header.integer == 1
    elseif kind == C.SPECTACLES_HEADER_INTEGER or kind == C.SPECTACLES_HEADER_TIMESTAMP then
        return tonumber(header.integer)
    elseif kind == C.SPECTACLES_HEADER_REAL then
        return header.real
    elseif kind == C.SPECTACLES_HEADER_TABLE or kind == C.SPECTACLES_HEADER_ARRAY then
        return header_table(header)
    elseif header.bytes ~= nil then
        return ffi.string(header.bytes, header.bytes_length)
    end
end

broker_readers.headers = function(raw)
    local made = {}
    for index = 0, tonumber(raw.header_count) - 1 do
        local header = raw.headers[index]
        made[ffi.string(header.key, header.key_length)] = header_value(header)
    end
    return made
end

--- One connection to RabbitMQ. options: spectacles_broker_config (url or urls, group, prefetch, ..), and `link`.
function spectacles.broker(options)
    local calls = { new = C.spectacles_broker_new, free = C.spectacles_broker_free }
    calls.stream, calls.last_error = C.spectacles_broker_stream, C.spectacles_broker_last_error
    return engine(Broker, "spectacles_broker", calls, broker_config(options), broker_readers, options)
end

--- The next event that there is now, or nil.
function Broker:pull()
    return pulled(self.event, C.spectacles_broker_next_event(self.raw, C.spectacles_now()))
end

local subscription_settings = {
    event = text_of "event",
    subgroup = text_of "subgroup",
    arguments = headers_of("arguments", "argument_count"),
}

--- Asks for a queue: the name of an event, or a table of spectacles_subscription. Returns the number of the
--- subscription.
function Broker:subscribe(wanted)
    local options = type(wanted) == "table" and wanted or { event = wanted }
    local struct = settings("spectacles_subscription", C.spectacles_subscription_init, options, subscription_settings)
    local number = check(self, C.spectacles_broker_subscribe(self.raw, struct))
    return number
end

function Broker:unsubscribe(number)
    check(self, C.spectacles_broker_unsubscribe(self.raw, number))
end

local message_settings = {
    flags = mask_of("flags", "SPECTACLES_MESSAGE_"),
    key = text_of "key",
    body = text_of "body",
    format = name_of("format", "SPECTACLES_FORMAT_"),
    headers = headers_of("headers", "header_count"),
}

local function message(options)
    return settings("spectacles_message", C.spectacles_message_init, options, message_settings)
end

--- Publishes: a table of spectacles_message (key, body, flags = { "MANDATORY" }, ..). Returns the tag that one later
--- event names. Raises E_AGAIN while the window is full: has_room() asks before.
function Broker:publish(options)
    local struct = message(options)
    check(self, C.spectacles_broker_publish(self.raw, struct, number64))
    return tonumber(number64[0])
end

--- Sends a packet to the shard of a guild: a table { op = .., d = {..} }, or JSON. Returns the tag.
function Broker:send(guild_id, packet)
    local text, problem = as_json(packet), ffi.new "spectacles_problem"
    local room = #text + 64 -- what stands around the packet is shorter
    local out = ffi.new("uint8_t[?]", room)
    local size = C.spectacles_send_build(out, room, spectacles.id(guild_id), bytes_of(text), #text, problem)
    if size < 0 then
        fail(size, ffi.string(problem.text), problem)
    end
    -- Mandatory: where no gateway runs, it comes back.
    local body = ffi.string(out, size)
    return self:publish { key = spectacles.send_key, body = body, format = "JSON", flags = { "MANDATORY" } }
end

function Broker:has_room()
    return C.spectacles_broker_room(self.raw) == 1
end

--- Asks a question, with a timeout in milliseconds. REPLY or CALL_FAILED has the tag that is returned.
function Broker:call(options, timeout)
    local struct = message(options)
    check(self, C.spectacles_broker_call(self.raw, struct, timeout, C.spectacles_now(), number64))
    return tonumber(number64[0])
end

--- Answers the question that an event is: options as in publish(), without a key.
function Broker:reply(event, options)
    local struct = message(options)
    check(self, C.spectacles_broker_reply(self.raw, event.raw.reply_to, event.raw.correlation_id, struct, number64))
    return tonumber(number64[0])
end

--- False: there was nothing to acknowledge any more.
function Broker:ack(delivery)
    return check(self, C.spectacles_broker_ack(self.raw, delivery)) == 1
end

--- This delivery and all before it. Returns how many.
function Broker:ack_all(delivery)
    return check(self, C.spectacles_broker_ack_all(self.raw, delivery))
end

function Broker:reject(delivery, requeue)
    return check(self, C.spectacles_broker_reject(self.raw, delivery, requeue and 1 or 0)) == 1
end

--- Whether a delivery is still ours.
function Broker:holds(delivery)
    return C.spectacles_broker_holds(self.raw, delivery) == 1
end

--- Takes no more publishes, waits for confirms and ends the connection; go on with events().
function Broker:close()
    C.spectacles_broker_close(self.raw, C.spectacles_now())
end

function Broker:set_urls(urls)
    local list = ffi.new("const char *[?]", #urls, urls)
    check(self, C.spectacles_broker_set_urls(self.raw, list, #urls, C.spectacles_now()))
end

function Broker:network_changed()
    C.spectacles_broker_network_changed(self.raw, C.spectacles_now())
end

function Broker:state()
    return states.broker[C.spectacles_broker_state(self.raw)]
end

function Broker:is_final()
    return C.spectacles_broker_state(self.raw) == C.SPECTACLES_BROKER_CLOSED
end

--- The counters: a struct of C.
Broker.stats = stats("spectacles_broker_stats", C.spectacles_broker_stats_init, C.spectacles_broker_get_stats)

-- ---- Copies ----

local Copies = {}
Copies.__index = Copies

--- What a worker has worked on, so that it leaves copies out. options: spectacles_copies_config (remembered), or nil.
function spectacles.copies(options)
    local config = seeded_config("spectacles_copies_config", C.spectacles_copies_config_init, options, {})
    local raw = make("spectacles_copies", C.spectacles_copies_free, function(out, problem)
        return C.spectacles_copies_new(out, config, problem)
    end)
    return setmetatable({ raw = raw }, Copies)
end

--- What the message of an event is known by: a struct of C, which can be kept. It means something to this handle alone.
function Copies:mark(event)
    local mark, id, raw = ffi.new "spectacles_copy_mark", event.message_id or "", event.raw
    C.spectacles_copies_mark(self.raw, id, #id, raw.headers, raw.header_count, mark)
    return mark
end

--- Asked when the work is about to begin. True: the message is a copy. Acknowledge it, and do nothing else. now: on the
--- clock of spectacles.now(); nil: now.
function Copies:leave_out(mark, now)
    return C.spectacles_copies_leave_out(self.raw, mark, now or C.spectacles_now()) == 1
end

--- The work is done. Not earlier: a message whose work was cut off comes again.
function Copies:add(mark)
    C.spectacles_copies_add(self.raw, mark)
end

--- Frees the handle at once.
function Copies:free()
    C.spectacles_copies_free(ffi.gc(self.raw, nil))
    self.raw = nil
    setmetatable(self, Freed)
end

-- ---- Gateways ----

local Gateway = methods()

local relay_settings = {
    flags = mask_of("flags", "SPECTACLES_RELAY_"),
    allow = texts_of("allow", "allow_count"),
    more_ops = numbers_of("more_ops", "more_op_count"),
    format = name_of("format", "SPECTACLES_FORMAT_"),
}

local function relay_config(options)
    local config = settings("spectacles_relay_config", C.spectacles_relay_config_init, options, relay_settings)
    if config.unix_offset == 0 then
        config.unix_offset = C.spectacles_unix_time() - C.spectacles_now()
    end
    return config
end

local gateway_settings = {
    flags = mask_of("flags", "SPECTACLES_GATEWAY_"),
    shard = part_of("shard", shard_config),
    broker = part_of("broker", function(value)
        return broker_config(type(value) == "string" and { url = value } or value)
    end),
    relay = part_of("relay", relay_config),
    link = part_of("link", link_config),
    broker_link = part_of("broker_link", link_config),
    poller = part_of("poller", function(value)
        return settings("spectacles_poller_config", C.spectacles_poller_config_init, value, {})
    end),
    shard_ids = numbers_of("shard_ids", "shard_id_count"),
    state = nothing,
}

-- The state that a former process has stored, as gateway:state() gave it.
local function stored_state(shard, stored)
    local config = settings("spectacles_state_config", C.spectacles_state_config_init, {}, {})
    config.token, config.shard_count, config.intents = shard.token, shard.shard_count, shard.intents
    local made = make("spectacles_state", C.spectacles_state_free, function(out, problem)
        return C.spectacles_state_new(out, config, problem)
    end)
    local problem = ffi.new "spectacles_problem"
    local code = C.spectacles_state_read(made, bytes_of(stored), #stored, C.spectacles_unix_time(), problem)
    return code == 0 and made or fail(code, ffi.string(problem.text), problem)
end

local relay_readers = readers {
    texts = { "name", "text", "session_id", "old_session_id", "body", "message_id" },
    numbers = { "shard_id", "code", "op", "seq", "duration", "unix_time", "hold_until", "ticket", "shard_count" },
    names = {
        type = names("spectacles_relay_event_type_name", 63),
        broker = { [0] = "events", "commands" },
        format = formats,
    },
}

local line = ffi.new("char[?]", C.SPECTACLES_RELAY_LINE_SIZE)

relay_readers.line = function(raw)
    local size = C.spectacles_relay_event_describe(line, C.SPECTACLES_RELAY_LINE_SIZE, raw, C.spectacles_now())
    return ffi.string(line, size)
end

--- A whole gateway. options: the structs of spectacles_gateway_config by their names (shard, relay, broker, link,
--- broker_link, poller), shard_ids, flags, and state: what state() of a former process gave. `broker` may be a URL;
--- without it the owner takes the messages, and acknowledges each one. event.line describes an event of any type.
function spectacles.gateway(options)
    local config = settings("spectacles_gateway_config", C.spectacles_gateway_config_init, options, gateway_settings)
    config.flags = bit.bor(config.flags, C.SPECTACLES_GATEWAY_RESOLVES)
    if options.state and config.shard ~= nil then
        local state = stored_state(config.shard, options.state)
        table.insert(anchors[config], state)
        config.state = state
    end
    local raw = make("spectacles_gateway", C.spectacles_gateway_free, function(out, problem)
        return C.spectacles_gateway_new(out, config, problem)
    end)
    return handle(Gateway, raw, {
        poller = C.spectacles_gateway_poller(raw),
        owned = { raw = C.spectacles_gateway_free },
        event = event_of(relay_readers),
    }, C.spectacles_gateway_last_error)
end

--- The next event that there is now, or nil.
function Gateway:pull()
    return pulled(self.event, C.spectacles_gateway_next_event(self.raw, C.spectacles_now()))
end

function Gateway:wait(deadline)
    check(self, C.spectacles_gateway_wait(self.raw, deadline, C.spectacles_now()))
end

--- Moves bytes, for a loop of somebody else. Pull the events after it, until there are none.
function Gateway:process()
    self.now = C.spectacles_now()
    check(self, C.spectacles_gateway_process(self.raw, self.now))
    call_watched(self)
end

-- A gateway writes by itself when its events are pulled.
Gateway.flush = nothing

function Gateway:deadline()
    return C.spectacles_gateway_deadline(self.raw)
end

--- The work of a message is done. Without brokers alone.
function Gateway:acknowledge(ticket)
    check(self, C.spectacles_gateway_acknowledge(self.raw, ticket))
end

--- Sends {"op": op, "d": d}; d: JSON, or a table. COMMAND_SENT or COMMAND_REJECTED has the ticket that is returned.
function Gateway:send(shard_id, op, d)
    local text = as_json(d)
    check(self, C.spectacles_gateway_send(self.raw, shard_id, op, bytes_of(text), #text, number64))
    return tonumber(number64[0])
end

--- The presence of all shards, or of one: JSON, or a table.
function Gateway:set_presence(d, shard_id)
    local text = as_json(d)
    local data = bytes_of(text)
    if shard_id then
        check(self, C.spectacles_gateway_set_shard_presence(self.raw, shard_id, data, #text))
    else
        check(self, C.spectacles_gateway_set_presence(self.raw, data, #text))
    end
end

function Gateway:set_token(token)
    check(self, C.spectacles_gateway_set_token(self.raw, token))
end

function Gateway:set_broker_urls(urls)
    local list = ffi.new("const char *[?]", #urls, urls)
    check(self, C.spectacles_gateway_set_broker_urls(self.raw, list, #urls, C.spectacles_now()))
end

--- The events that are published or handed out from now on; all: true: every one.
function Gateway:set_allow(events, all)
    local list = ffi.new("const char *[?]", #events, events)
    check(self, C.spectacles_gateway_set_allow(self.raw, list, #events, all and 1 or 0))
end

function Gateway:set_latency_budget(milliseconds)
    check(self, C.spectacles_gateway_set_latency_budget(self.raw, milliseconds))
end

--- A fresh answer of GET /gateway/bot: spectacles.gateway_bot().
function Gateway:set_limits(answer)
    check(self, C.spectacles_gateway_set_limits(self.raw, answer, C.spectacles_now()))
end

function Gateway:grant_identify(shard_id)
    check(self, C.spectacles_gateway_grant_identify(self.raw, shard_id, C.spectacles_now()))
end

function Gateway:network_changed()
    C.spectacles_gateway_network_changed(self.raw, C.spectacles_now())
end

--- Adds a shard while the gateway runs. session: as shard:session() or gateway:session() gave it, or nil.
function Gateway:add_shard(shard_id, session)
    local problem, config = ffi.new "spectacles_problem", { session = nil }
    local kept = {}
    if session then
        session_of(config, session, kept)
    end
    local code = C.spectacles_gateway_add_shard(self.raw, shard_id, config.session, nil, 0, problem)
    if code < 0 then
        fail(code, ffi.string(problem.text), problem)
    end
end

--- Takes a shard out in order: SHARD_REMOVED follows. code: 0 or nil keeps the session.
function Gateway:remove_shard(shard_id, code)
    check(self, C.spectacles_gateway_remove_shard(self.raw, shard_id, code or 0, C.spectacles_now()))
end

function Gateway:drop_shard(shard_id)
    check(self, C.spectacles_gateway_drop_shard(self.raw, shard_id))
end

--- The session of a shard as a table; nil: there is none.
function Gateway:session(shard_id)
    local raw = ffi.new "spectacles_session"
    C.spectacles_session_init(raw, ffi.sizeof(raw))
    return C.spectacles_gateway_session(self.raw, shard_id, raw) == 0 and session_table(raw) or nil
end

--- The sessions and gaps, to be stored, and to be given to the next process as the setting `state`. The second result
--- says whether something has changed since the last call.
function Gateway:state()
    local changed = check(self, C.spectacles_gateway_take_state(self.raw, C.spectacles_unix_time())) == 1
    local out = bytes()
    check(self, C.spectacles_gateway_write_state(self.raw, out))
    return string_of(out), changed
end

--- What state() gave last is stored. With the flag HOLDS_NEW_SESSIONS.
function Gateway:state_stored()
    C.spectacles_gateway_state_stored(self.raw)
end

--- Stops in order; go on with events(). code: 0 or nil keeps the sessions.
function Gateway:stop(code)
    check(self, C.spectacles_gateway_stop(self.raw, code or 0, C.spectacles_now()))
end

function Gateway:is_final()
    return C.spectacles_gateway_stopped(self.raw) == 1
end

--- The ids of all shards that are served, in order.
function Gateway:shard_ids()
    local made, shards = {}, C.spectacles_gateway_shards(self.raw, length)
    for index = 0, tonumber(length[0]) - 1 do
        made[#made + 1] = C.spectacles_shard_id(shards[index])
    end
    return made
end

--- The counters: a struct of C.
Gateway.stats = stats("spectacles_gateway_stats", C.spectacles_gateway_stats_init, C.spectacles_gateway_get_stats)

--- The counters of one shard; nil: it is not served here.
function Gateway:shard_stats(shard_id)
    local out = ffi.new "spectacles_gateway_shard_stats"
    C.spectacles_gateway_shard_stats_init(out, ffi.sizeof(out))
    return C.spectacles_gateway_get_shard_stats(self.raw, shard_id, out) == 0 and out or nil
end

--- How often dispatches of each name were received; "" for all names that had no room.
function Gateway:event_counts()
    local made, name, index = {}, ffi.new "const char *[1]", 0
    while C.spectacles_gateway_event_count(self.raw, index, name, number64) == 1 do
        made[ffi.string(name[0])] = tonumber(number64[0])
        index = index + 1
    end
    return made
end

--- How often connections of shards have ended with each code.
function Gateway:close_counts()
    local made, index = {}, 0
    while C.spectacles_gateway_close_count(self.raw, index, number32, number64) == 1 do
        made[number32[0]] = tonumber(number64[0])
        index = index + 1
    end
    return made
end

--- Reads the answer of GET /gateway/bot, which the owner asks for: a struct of C (verdict, shard_count, url, text,
--- wait).
function spectacles.gateway_bot(status, body, retry_after)
    local out, after = ffi.new "spectacles_gateway_bot", retry_after or ""
    C.spectacles_gateway_bot_init(out, ffi.sizeof(out))
    C.spectacles_gateway_bot_read(out, status, after, #after, bytes_of(body), #body)
    return out
end

-- ---- Names and the like ----

--- The key of SENDs.
spectacles.send_key = ffi.string(C.spectacles_route_send_key())
--- The key of gap records.
spectacles.gap_key = ffi.string(C.spectacles_route_gap_key())

--- The shard that serves a guild.
function spectacles.route_shard(guild_id, shard_count)
    return C.spectacles_route_shard(spectacles.id(guild_id), shard_count)
end

--- The intents that bring an event, any one of them: for the setting `intents`, combined by bit.bor.
function spectacles.intents_for_event(event)
    return C.spectacles_intents_for_event(event, #event)
end

--- The intents of these that are privileged.
function spectacles.intents_privileged(intents)
    return C.spectacles_intents_privileged(mask("SPECTACLES_INTENT_", intents))
end

--- A text of strangers, fit for a log or a terminal.
function spectacles.printable(text)
    local out = ffi.new("char[?]", 3 * #text + 1)
    return ffi.string(out, C.spectacles_printable(out, 3 * #text + 1, text, #text))
end

--- The proxy that the environment names for a scheme ("wss", "amqps"), for link = { proxy = .. }; nil: there is none.
function spectacles.proxy_from_environment(scheme)
    local url = C.spectacles_proxy_from_environment(scheme)
    return url ~= nil and ffi.string(url) or nil
end

--- Raises the limit of this process on open files.
function spectacles.raise_descriptors(needed)
    local problem = ffi.new "spectacles_problem"
    local code = C.spectacles_raise_descriptors(needed, problem)
    if code < 0 then
        fail(code, ffi.string(problem.text))
    end
end

--- The clock of deadlines: milliseconds.
function spectacles.now()
    return C.spectacles_now()
end

--- The version of the library: "0.1.0".
function spectacles.version()
    local number = C.spectacles_version()
    return ("%d.%d.%d"):format(bit.rshift(number, 16), bit.band(bit.rshift(number, 8), 255), bit.band(number, 255))
end

--- Whether this build of the library has a feature: "tls", "zstd-stream".
function spectacles.feature_supported(name)
    return C.spectacles_feature_supported(name) == 1
end

--- The functions of C, for what has no wrapper.
spectacles.C = C

return spectacles
