#ifndef SP_SHARD_CLOSE_H
#define SP_SHARD_CLOSE_H

#include <stdint.h>

/* What the shard does after a close code (Discord: "Gateway Close Event Codes"). */
enum sp_close_plan {
    SP_CLOSE_RESUME,   /* reconnect; resume when there is a session */
    SP_CLOSE_DOUBT,    /* the session may be lost: resume; when a resume ends so again, identify */
    SP_CLOSE_IDENTIFY, /* the session is lost: reconnect and identify */
    SP_CLOSE_FATAL     /* never reconnect: a person has to change something */
};

/* The plan for a code. *text: a sentence that says what happened and what to do. */
enum sp_close_plan sp_close_plan_of(uint32_t code, const char **text);

#endif
