#ifndef SP_CORE_CLOSE_CODE_H
#define SP_CORE_CLOSE_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with another one. */
#define SP_CLOSE_CODE_RULE "a close code is 0, 1000, 1001 or 3000 to 4999"

/* Whether an owner may close a WebSocket with this code (RFC 6455, section 7.4); 0: the shard chooses one. */
static inline bool sp_close_code_is_allowed(uint32_t code)
{
    return code == 0 || code == 1000 || code == 1001 || (code >= 3000 && code <= 4999);
}

#endif
