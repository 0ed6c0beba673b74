/* The mutant that gives up the oldest publish whenever a connection ends: it is never what ended the connection. */
#include "broker/suspicion.h"

uint64_t __wrap_sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                                   const sp_broker_close_reason *reason);

uint64_t __wrap_sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                                   const sp_broker_close_reason *reason)
{
    const sp_publish *record;
    (void)suspicion;
    (void)reason;
    for (size_t i = 0; (record = sp_ring_find(&publishes->records, i)); i++) {
        if (!record->done && record->wire > 0)
            return record->tag;
    }
    return 0;
}
