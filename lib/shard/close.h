#ifndef SP_SHARD_CLOSE_H
#define SP_SHARD_CLOSE_H

#include <stdint.h>

/* What follows when the gateway closes with a code (Discord: "Gateway Close Event Codes"). */
enum sp_close_plan {
    SP_CLOSE_RESUME, /* reconnect, and resume where there is a session */
    SP_CLOSE_DOUBT, /* the session may be gone: as RESUME; when it comes again in answer to that, as IDENTIFY */
    SP_CLOSE_IDENTIFY, /* the session is gone: reconnect, identify anew */
    SP_CLOSE_FATAL     /* never reconnect: a person has to change something */
};

/* The plan for a code, and in *text a sentence that says what happened and what to do. */
enum sp_close_plan sp_close_plan_of(uint32_t code, const char **text);

#endif
