/* The mutant that publishes again in another order: what was unconfirmed when a connection was lost, backwards. */
#include "broker/publishes.h"

int __real_sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max);
int __wrap_sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max);

static int append_backwards(sp_buffer *out, sp_ring *records, const sp_publishes *publishes)
{
    sp_slice all = sp_buffer_slice(&publishes->bytes);
    size_t end = all.length;
    for (size_t i = publishes->records.count; i > 0; i--) {
        const sp_publish *record = sp_ring_at(&publishes->records, i - 1);
        sp_publish *copy = sp_ring_push(records);
        end -= record->length;
        if (!copy || sp_buffer_append(out, all.bytes + end, record->length) != SPECTACLES_OK)
            return SPECTACLES_E_NOMEM;
        *copy = *record;
    }
    return SPECTACLES_OK;
}

int __wrap_sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max)
{
    sp_buffer bytes = {0};
    sp_ring records = sp_ring_of(sizeof(sp_publish));
    int error = append_backwards(&bytes, &records, publishes);
    if (error != SPECTACLES_OK)
        return error;
    sp_buffer_free(&publishes->bytes);
    sp_ring_free(&publishes->records);
    publishes->bytes = bytes;
    publishes->records = records;
    return __real_sp_publishes_rewind(publishes, frame_max);
}
