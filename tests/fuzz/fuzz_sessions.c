/*
 * Sessions of another gateway, and the process that a file of sessions names. Whatever the lines are, each refusal has
 * a place and a sentence, and what was taken is a state that can be stored. A process that was read is one line.
 */
#include "fuzz.h"
#include "session_holder.h"
#include "sessions_import.h"

#include <ctype.h>

static void store(const spectacles_state *state, uint32_t shard_count)
{
    spectacles_problem problem = {.text = ""};
    spectacles_bytes *bytes = NULL;
    spectacles_state *again = NULL;
    must(!spectacles_bytes_new(&bytes) && !spectacles_state_write(state, bytes));
    must(!spectacles_state_open(&again, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes), NULL,
                                &problem));
    must(spectacles_state_shard_count(again) == shard_count &&
         spectacles_state_count(again) == spectacles_state_count(state));
    spectacles_state_free(again);
    spectacles_bytes_free(bytes);
}

static void import(const uint8_t *bytes, size_t length, uint32_t shard_count, const char *prefix)
{
    struct problems problems = {0};
    spectacles_state *state = NULL;
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = "a.token.of-nobody";
    config.shard_count = shard_count;
    must(!spectacles_state_new(&state, &config, NULL));
    size_t count = sessions_import_read(state, bytes, length, prefix, &problems);
    must(!problems.out_of_memory && count <= shard_count);
    for (const struct problem *each = problems.first; each; each = each->next)
        must(each->where[0] && each->text[0]);
    if (!problems.first)
        store(state, shard_count);
    problems_free(&problems);
    spectacles_state_free(state);
}

static void hold(const uint8_t *bytes, size_t length)
{
    char text[HOLDER_TEXT_SIZE];
    struct session_holder holder;
    struct session_holder again;
    session_holder_read(&holder, (const char *)bytes, length);
    session_holder_show(&holder, text);
    for (const char *at = text; *at; at++)
        must(isprint((unsigned char)*at));
    if (!holder.is_known)
        return;
    session_holder_write(&holder, text);
    session_holder_read(&again, text, strlen(text));
    must(session_holder_equals(&holder, &again) && holder.has_ended == again.has_ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint32_t shard_count = sessions_import_shard_count(bytes, length);
    must(shard_count <= SPECTACLES_GATEWAY_BOT_SHARDS_MAX);
    import(bytes, length, shard_count ? shard_count : 4, NULL);
    import(bytes, length, 4, "gateway");
    hold(bytes, length);
    return 0;
}
