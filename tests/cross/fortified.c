/*
 * Debian's archives (zlib, zstd, librabbitmq, mbedTLS) are compiled for glibc, with checks of sizes that musl does not
 * know by these names. Linked to the engines' unit tests with musl (scripts/cross.sh).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t length, size_t room);
void *__memset_chk(void *to, int byte, size_t length, size_t room);
int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list list);
int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...);
int __sprintf_chk(char *out, int flag, size_t room, const char *format, ...);
int __vfprintf_chk(FILE *file, int flag, const char *format, va_list list);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);

void *__memcpy_chk(void *to, const void *from, size_t length, size_t room)
{
    (void)room;
    return memcpy(to, from, length);
}

void *__memset_chk(void *to, int byte, size_t length, size_t room)
{
    (void)room;
    return memset(to, byte, length);
}

int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list list)
{
    (void)flag;
    (void)room;
    return vsnprintf(out, size, format, list);
}

#define PRINT(call)                                                                                          \
    va_list list;                                                                                            \
    (void)flag;                                                                                              \
    va_start(list, format);                                                                                  \
    int length = call;                                                                                       \
    va_end(list);                                                                                            \
    return length

int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...)
{
    (void)room;
    PRINT(vsnprintf(out, size, format, list));
}

int __sprintf_chk(char *out, int flag, size_t room, const char *format, ...)
{
    PRINT(vsnprintf(out, room, format, list));
}

int __vfprintf_chk(FILE *file, int flag, const char *format, va_list list)
{
    (void)flag;
    return vfprintf(file, format, list);
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    PRINT(vfprintf(file, format, list));
}

int __printf_chk(int flag, const char *format, ...)
{
    PRINT(vprintf(format, list));
}
