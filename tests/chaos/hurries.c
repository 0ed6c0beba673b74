/* The mutant whose back-off is cleared as soon as a connection is READY, whatever becomes of the connection. */
#include "core/backoff.h"

void __wrap_sp_backoff_ready(sp_backoff *backoff, uint64_t now);

void __wrap_sp_backoff_ready(sp_backoff *backoff, uint64_t now)
{
    (void)now;
    sp_backoff_progress(backoff);
}
