/* The mutant that gives up the oldest publish whenever a connection ends: it is never what ended the connection. */
#include "broker/suspicion.h"

uint64_t __wrap_sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                                   const sp_loss *loss);

uint64_t __wrap_sp_suspicion_judge(sp_suspicion *suspicion, const sp_publishes *publishes,
                                   const sp_loss *loss)
{
    const sp_record *record;
    (void)suspicion;
    (void)loss;
    for (size_t i = 0; (record = sp_ring_at(&publishes->records, i)); i++) {
        if (!record->settled && record->wire > 0)
            return record->tag;
    }
    return 0;
}
