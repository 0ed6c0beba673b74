-- SIGTERM and SIGINT as a descriptor (Linux): a handler written in Lua could run in the middle of anything.
local ffi = require "ffi"

ffi.cdef [[
typedef struct { unsigned long words[16]; } example_signals;
int sigemptyset(example_signals *set);
int sigaddset(example_signals *set, int number);
int sigprocmask(int how, const example_signals *set, example_signals *old);
int signalfd(int fd, const example_signals *set, int flags);
long read(int fd, void *bytes, unsigned long count);
]]

local BLOCK, SIGINT, SIGTERM = 0, 2, 15

--- Calls a function when one of the signals has come: in a turn of the loop of a handle.
return function(handle, callback)
    local set, seen = ffi.new "example_signals", ffi.new "uint8_t[128]"
    ffi.C.sigemptyset(set)
    ffi.C.sigaddset(set, SIGINT)
    ffi.C.sigaddset(set, SIGTERM)
    ffi.C.sigprocmask(BLOCK, set, nil)
    local fd = ffi.C.signalfd(-1, set, 0)
    handle:watch(fd, function()
        ffi.C.read(fd, seen, 128)
        callback()
    end)
end
