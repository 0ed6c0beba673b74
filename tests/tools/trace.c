/*
 * Writes down which functions a program enters and leaves, in order. For programs that are compiled with
 * -finstrument-functions: the compiler calls the two functions below. tests/tools/trace.py builds this file, puts it in
 * front of the program with LD_PRELOAD, and reads what was written.
 *
 * TRACE_FILE names the file: a count, and then one number of 64 bits for each call. The number is the address of the
 * function; its highest bit is set when the function is left. Only the first thread is traced.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CALLS_MAX = 1 << 22
};

static struct trace {
    atomic_ulong count;
    uint64_t calls[CALLS_MAX];
} * trace;

static _Thread_local int is_first_thread;

void __cyg_profile_func_enter(void *function, void *site);
void __cyg_profile_func_exit(void *function, void *site);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TRACE_FILE");
    int file = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (file < 0 || ftruncate(file, sizeof *trace) < 0)
        _exit(97);
    void *memory = mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED)
        _exit(97);
    close(file);
    trace = memory;
    is_first_thread = 1;
}

static void note(uint64_t call)
{
    if (!is_first_thread)
        return;
    unsigned long at = atomic_load(&trace->count);
    if (at == CALLS_MAX)
        _exit(97);
    trace->calls[at] = call;
    atomic_store(&trace->count, at + 1);
}

void __cyg_profile_func_enter(void *function, void *site)
{
    (void)site;
    note((uintptr_t)function);
}

void __cyg_profile_func_exit(void *function, void *site)
{
    (void)site;
    note((uintptr_t)function | UINT64_C(1) << 63);
}
