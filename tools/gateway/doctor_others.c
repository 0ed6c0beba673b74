/*
 * The doctor's look at the other processes of the group: it asks them who they are, as a gateway does at its start.
 * doctor.c calls it.
 */
#include "doctor_others.h"

#include "conflicts.h"
#include "connection.h"
#include "roll_call.h"

#include <string.h>

static const char field[] = "gateways";

enum {
    ANSWERS_WAIT = 1000, /* milliseconds */
    SHARDS_SIZE = 120
};

/* What the doctor has heard. */
struct heard {
    size_t count;
    bool is_asked;
    bool is_over;
    uint64_t end;
};

static const char *const state_words[] = {[CARD_STARTING] = "is starting with",
                                          [CARD_RUNNING] = "serves",
                                          [CARD_STOPPING] = "is stopping, and had",
                                          [CARD_ASKING] = "asks as well, and has"};

static void tell_conflict(struct doctor *doctor, const struct card *mine, const struct card *other,
                          const char *name)
{
    uint32_t kinds = conflicts_judge(mine, other);
    struct finding *finding;
    if (kinds & CONFLICT_BOT) {
        finding =
            findings_add(doctor->findings, FINDING_IS_FINAL, field,
                         "%s has another bot: %s, and these settings are of %s", name, other->bot, mine->bot);
        finding_why(finding, "each sends the commands of the other's workers with its own token; a gateway "
                             "with these settings "
                             "refuses to start");
        finding_mend(finding, "give each bot a BROKER_GROUP or a virtual host of its own");
    } else if (kinds & CONFLICT_COUNT) {
        finding = findings_add(doctor->findings, FINDING_IS_WARNING, field,
                               "%s has %u shards, and these settings have %u", name, other->shard_count,
                               mine->shard_count);
        finding_why(finding, "both get the same events; this is right only while you reshard");
        finding_mend(finding, "stop the processes with the old number, or set DISCORD_SHARD_COUNT=%u",
                     other->shard_count);
    }
}

/* The shards of these settings may be served by the process that these settings are of. So that is no conflict. */
static void tell(struct doctor *doctor, const struct card *mine, const struct card *other,
                 struct heard *heard)
{
    char name[CARD_HOST_SIZE + 32];
    char shards[SHARDS_SIZE];
    if (other->state == CARD_ASKING)
        return;
    heard->count++;
    card_name(name, sizeof name, other);
    card_write_shards(shards, sizeof shards, other->shard_ids, other->shard_id_count);
    if (other->shard_id_count == 0) /* its shards come and go */
        snprintf(shards, sizeof shards, "of its fleet,");
    findings_add(doctor->findings, FINDING_IS_FINE, field, "%s %s the shards %s of %u", name,
                 state_words[other->state], shards, other->shard_count);
    tell_conflict(doctor, mine, other, name);
}

static void take(struct doctor *doctor, struct roll_call *roll_call, const struct card *mine,
                 struct heard *heard)
{
    struct card card;
    enum card_kind kind;
    enum roll_call_news news;
    const char *text = "";
    while ((news = roll_call_next(roll_call, &card, &kind, &text, spectacles_now())) != ROLL_CALL_NOTHING) {
        if (news == ROLL_CALL_HEARD && kind == CARD_HERE)
            tell(doctor, mine, &card, heard);
        if (news == ROLL_CALL_PRESENT && !heard->is_asked)
            heard->is_asked = roll_call_say(roll_call, mine, CARD_WHO);
        if (news == ROLL_CALL_SENT)
            heard->end = spectacles_now() + ANSWERS_WAIT;
        if (news == ROLL_CALL_LOST || news == ROLL_CALL_REFUSED) {
            findings_add(doctor->findings, FINDING_IS_NOTE, field,
                         "other gateways cannot be asked who they are: %s", text);
            heard->is_over = true;
        }
        card_free(&card);
    }
}

static void ask(struct doctor *doctor, struct roll_call *roll_call, const struct card *mine)
{
    struct heard heard = {.end = spectacles_now() + DOCTOR_TIMEOUT};
    while (!heard.is_over && spectacles_now() < heard.end) {
        roll_call_wait(roll_call, heard.end, spectacles_now());
        roll_call_process(roll_call, spectacles_now());
        take(doctor, roll_call, mine, &heard);
    }
    if (heard.count == 0 && !heard.is_over)
        findings_add(doctor->findings, FINDING_IS_FINE, field,
                     "no gateway answers in the group '%s': none runs, or it is of another kind",
                     doctor->engines.broker.group);
}

void doctor_others(struct doctor *doctor)
{
    struct roll_call *roll_call = NULL;
    struct card mine;
    spectacles_link_config link = doctor->engines.link;
    spectacles_broker_config broker = doctor->engines.broker;
    if (!doctor->has_exchange || settings_value(doctor->settings, SETTING_DECLARE)->number != DECLARE_YES)
        return;
    broker.urls = &doctor->url;
    broker.url_count = 1;
    link.tls = doctor->tls;
    link.proxy = doctor->proxies.broker;
    link.no_proxy = doctor->proxies.no_proxy;
    card_begin(&mine, CARD_ASKING, doctor->engines.shard.token);
    if (card_serve(&mine, doctor->shard_count, doctor->shard_ids, doctor->shard_id_count) &&
        roll_call_new(&roll_call, &broker, &link, mine.id, NULL) == SPECTACLES_OK)
        ask(doctor, roll_call, &mine);
    else
        doctor->findings->out_of_memory = true;
    roll_call_free(roll_call);
    card_free(&mine);
}
