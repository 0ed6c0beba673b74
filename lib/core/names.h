#ifndef SP_CORE_NAMES_H
#define SP_CORE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* The name at an index of a table; "UNKNOWN" when the table has none there. */
static inline const char *sp_name_of(const char *const *names, size_t count, uint32_t index)
{
    return index < count && names[index] ? names[index] : "UNKNOWN";
}

#endif
