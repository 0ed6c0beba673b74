#include "fakes.h"

#include "unit.h"

spectacles_shard fake_shards[FAKE_SHARDS];
spectacles_shard *fake_served[FAKE_SHARDS];
spectacles_gap fake_gaps[FAKE_GAPS];
size_t fake_gap_count;
size_t fake_changed_count;
int fake_forgotten;

uint32_t spectacles_shard_id(const spectacles_shard *shard)
{
    return shard->id;
}

uint32_t spectacles_shard_count(const spectacles_shard *shard)
{
    return shard->count;
}

int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out)
{
    if (!shard->session)
        return SPECTACLES_E_STATE;
    *out = (spectacles_session){.size = sizeof *out,
                                .shard_id = shard->id,
                                .shard_count = shard->count,
                                .seq = shard->seq,
                                .session_id = shard->session,
                                .resume_url = shard->url,
                                .format = shard->format};
    return SPECTACLES_OK;
}

int spectacles_relay_gap(const spectacles_relay *relay, uint32_t shard_id, size_t index, spectacles_gap *out)
{
    (void)relay;
    for (size_t i = 0; i < fake_gap_count; i++) {
        if (fake_gaps[i].shard_id != shard_id || index-- > 0)
            continue;
        *out = fake_gaps[i];
        return 1;
    }
    return 0;
}

spectacles_shard *spectacles_relay_next_changed(const spectacles_relay *relay,
                                                const spectacles_shard *previous)
{
    size_t next = previous ? (size_t)(previous - fake_shards) + 1 : 0;
    (void)relay;
    return next < fake_changed_count ? fake_served[next] : NULL;
}

/* The list stays as the test has set it: the test says what has changed. */
void spectacles_relay_forget_changed(spectacles_relay *relay)
{
    (void)relay;
    fake_forgotten++;
}

void fakes_reset(uint32_t count)
{
    static const char *const names[FAKE_SHARDS] = {"s0", "s1", "s2", "s3"};
    fake_gap_count = 0;
    fake_changed_count = 0;
    fake_forgotten = 0;
    for (uint32_t i = 0; i < FAKE_SHARDS; i++) {
        fake_shards[i] =
            (spectacles_shard){i, count, names[i], i ? "wss://resume.test/" : "", 17 + i, 1 + (i & 1)};
        fake_served[i] = &fake_shards[i];
    }
}

void fake_gap(uint32_t shard_id, const char *old_session, const char *new_session)
{
    fake_gaps[fake_gap_count++] = (spectacles_gap){.size = sizeof *fake_gaps,
                                                   .shard_id = shard_id,
                                                   .seq = 5,
                                                   .next = 1,
                                                   .unix_time = 1767225600000,
                                                   .old_session_id = old_session,
                                                   .new_session_id = new_session};
}
