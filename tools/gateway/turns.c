/* How long the turns of the loop took, as counts for a histogram. daemon.c calls it; metrics.c shows the counts. */
#include "turns.h"

void turns_begin(struct turns *turns, uint64_t now)
{
    turns->begun = now;
}

void turns_end(struct turns *turns, uint64_t now)
{
    uint64_t took = now > turns->begun ? now - turns->begun : 0;
    unsigned place = 0;
    if (turns->begun == 0)
        return;
    while (place + 1 < TURNS_COUNT && took > UINT64_C(1) << place)
        place++;
    turns->counts[place]++;
    turns->time += took;
    turns->begun = 0;
}
