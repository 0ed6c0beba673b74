/*
 * Conflicts between the processes of a group: two bots, two processes with the same shards, two numbers of shards. It
 * owns the roll call and the card of this process. The daemon calls it.
 */
#include "conflicts.h"

#include "roll_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KNOWN_MAX = 64, /* conflicts that were told; beyond that the oldest are told again */
    PENDING_MAX = 8,
    SHOWN_SHARDS_SIZE = 80
};

enum conflicts_state {
    CONFLICTS_ASKING,
    CONFLICTS_SETTLED
};

/* A conflict that was told. */
struct known {
    char id[CARD_ID_SIZE];
    uint32_t kinds;
    unsigned times;
    uint64_t told_at;
};

struct conflicts {
    struct roll_call *roll_call;
    struct card card;
    enum conflicts_state state;
    bool is_serving; /* the shards are known */
    bool is_present; /* the queue stands */
    bool awaits_confirm;
    uint64_t settle_at;
    uint64_t ask_again_at;
    struct known known[KNOWN_MAX];
    size_t known_count; /* all that ever were: the place of the next one, modulo KNOWN_MAX */
    struct conflict pending[PENDING_MAX];
    size_t pending_count;
    struct conflict current;
};

/* ---- Judging ---- */

static bool share_a_shard(const struct card *one, const struct card *two)
{
    size_t i = 0;
    size_t k = 0;
    while (i < one->shard_id_count && k < two->shard_id_count) {
        if (one->shard_ids[i] == two->shard_ids[k])
            return true;
        if (one->shard_ids[i] < two->shard_ids[k])
            i++;
        else
            k++;
    }
    return false;
}

/* A member of a fleet names no shards: those of the fleet are all of them. */
static bool is_beside_a_fleet(const struct card *one, const struct card *two)
{
    return (one->shard_id_count == 0) != (two->shard_id_count == 0);
}

/* The fleet decides how many shards there are, whatever each member was set to. */
static bool are_of_a_fleet(const struct card *one, const struct card *two)
{
    return one->shard_id_count == 0 && two->shard_id_count == 0;
}

uint32_t conflicts_judge(const struct card *mine, const struct card *other)
{
    bool serves = other->state == CARD_STARTING || other->state == CARD_RUNNING;
    if (!serves || mine->state == CARD_STOPPING || strcmp(mine->id, other->id) == 0)
        return 0;
    if (mine->bot[0] && other->bot[0] && strcmp(mine->bot, other->bot) != 0)
        return CONFLICT_BOT;
    if (!mine->shard_count || !other->shard_count)
        return 0;
    if (are_of_a_fleet(mine, other))
        return 0;
    if (mine->shard_count != other->shard_count)
        return CONFLICT_COUNT;
    return is_beside_a_fleet(mine, other) || share_a_shard(mine, other) ? CONFLICT_SHARDS : 0;
}

/* One that runs stays. Of two that start, the one that started first stays, whatever the clocks of the hosts say. */
bool conflicts_has_to_go(const struct card *mine, const struct card *other)
{
    if (mine->state != CARD_STARTING)
        return false;
    if (other->state == CARD_RUNNING)
        return true;
    if (mine->started != other->started)
        return mine->started > other->started;
    return strcmp(mine->id, other->id) > 0;
}

/* ---- Telling ---- */

static void write_shared(char *out, size_t size, const struct card *one, const struct card *two)
{
    uint32_t *shared = calloc(one->shard_id_count + 1, sizeof *shared);
    size_t count = 0;
    size_t k = 0;
    snprintf(out, size, "some");
    if (!shared)
        return;
    for (size_t i = 0; i < one->shard_id_count; i++) {
        while (k < two->shard_id_count && two->shard_ids[k] < one->shard_ids[i])
            k++;
        if (k < two->shard_id_count && two->shard_ids[k] == one->shard_ids[i])
            shared[count++] = one->shard_ids[i];
    }
    card_write_shards(out, size, shared, count);
    free(shared);
}

static void write_text(struct conflict *conflict, const struct card *mine, const struct card *other)
{
    char name[CARD_HOST_SIZE + 32];
    char shards[SHOWN_SHARDS_SIZE];
    const char *still = conflict->is_again ? "still " : "";
    card_name(name, sizeof name, other);
    if (conflict->kinds & CONFLICT_BOT) {
        snprintf(conflict->text, sizeof conflict->text,
                 "another bot is %sin this group: %s has the bot %s, and this process has %s; each would "
                 "send the commands "
                 "of the other's workers with its own token: give each bot a BROKER_GROUP or a virtual host "
                 "of its own",
                 still, name, other->bot, mine->bot);
    } else if (conflict->kinds & CONFLICT_COUNT) {
        snprintf(conflict->text, sizeof conflict->text,
                 "%s %sserves %u shards in this group, and this process serves %u: both get the same events "
                 "twice, and "
                 "commands go to one of the two; this is right only while you reshard: stop the old "
                 "processes soon",
                 name, still, other->shard_count, mine->shard_count);
    } else if (is_beside_a_fleet(mine, other)) {
        snprintf(
            conflict->text, sizeof conflict->text,
            "%s %sserves shards of this bot, and one of the two processes is in a fleet, which serves all of "
            "them: the two take the sessions from each other; set FLEET=on in all processes of the bot, or "
            "stop "
            "those without it",
            name, still);
    } else {
        write_shared(shards, sizeof shards, mine, other);
        snprintf(conflict->text, sizeof conflict->text,
                 "%s %sserves the same shards (%s) as this process: the two take the sessions from each "
                 "other; this is "
                 "right only while one takes over from the other: stop one of them",
                 name, still, shards);
    }
}

/* The place of what was told of another process. */
static struct known *find_known(struct conflicts *conflicts, const struct card *other, uint32_t kinds)
{
    for (size_t i = 0; i < KNOWN_MAX && i < conflicts->known_count; i++) {
        struct known *known = &conflicts->known[i];
        if (strcmp(known->id, other->id) == 0 && known->kinds == kinds)
            return known;
    }
    struct known *fresh = &conflicts->known[conflicts->known_count++ % KNOWN_MAX];
    *fresh = (struct known){.kinds = kinds};
    snprintf(fresh->id, sizeof fresh->id, "%s", other->id);
    return fresh;
}

/* Of many conflicts at once the first eight are told: a person needs no more. */
static struct conflict *add(struct conflicts *conflicts)
{
    if (conflicts->pending_count == PENDING_MAX)
        return NULL;
    struct conflict *conflict = &conflicts->pending[conflicts->pending_count++];
    *conflict = (struct conflict){.kinds = 0};
    return conflict;
}

/* Once, and once more when it is still so a minute later. */
static void tell(struct conflicts *conflicts, const struct card *other, uint32_t kinds, uint64_t now)
{
    struct known *known = find_known(conflicts, other, kinds);
    bool is_again = known->times == 1 && now >= known->told_at + CONFLICTS_AGAIN;
    struct conflict *conflict = known->times == 0 || is_again ? add(conflicts) : NULL;
    if (!conflict)
        return;
    known->times++;
    known->told_at = now;
    if (!is_again && conflicts->ask_again_at == SPECTACLES_NEVER)
        conflicts->ask_again_at = now + CONFLICTS_AGAIN;
    conflict->kinds = kinds;
    conflict->is_refusal = kinds & CONFLICT_BOT && conflicts_has_to_go(&conflicts->card, other);
    conflict->is_again = is_again;
    write_text(conflict, &conflicts->card, other);
}

/* ---- Making ---- */

int conflicts_new(struct conflicts **out, const struct conflicts_config *config, spectacles_problem *problem)
{
    struct conflicts *conflicts = calloc(1, sizeof *conflicts);
    if (!conflicts)
        return SPECTACLES_E_NOMEM;
    conflicts->settle_at = conflicts->ask_again_at = SPECTACLES_NEVER;
    card_begin(&conflicts->card, CARD_STARTING, config->token);
    int error =
        roll_call_new(&conflicts->roll_call, config->broker, config->link, conflicts->card.id, problem);
    if (error != SPECTACLES_OK) {
        conflicts_free(conflicts);
        return error;
    }
    *out = conflicts;
    return SPECTACLES_OK;
}

void conflicts_free(struct conflicts *conflicts)
{
    if (!conflicts)
        return;
    roll_call_free(conflicts->roll_call);
    card_free(&conflicts->card);
    free(conflicts);
}

/* ---- Credentials ---- */

void conflicts_set_tls(struct conflicts *conflicts, spectacles_tls *tls)
{
    roll_call_set_tls(conflicts->roll_call, tls);
}

int conflicts_set_urls(struct conflicts *conflicts, const char *const *urls, size_t count, uint64_t now,
                       spectacles_problem *problem)
{
    return roll_call_set_urls(conflicts->roll_call, urls, count, now, problem);
}

/* ---- What the daemon tells ---- */

static void settle(struct conflicts *conflicts)
{
    conflicts->state = CONFLICTS_SETTLED;
    conflicts->settle_at = SPECTACLES_NEVER;
}

static void greet(struct conflicts *conflicts)
{
    if (conflicts->is_present && conflicts->is_serving)
        conflicts->awaits_confirm = roll_call_say(conflicts->roll_call, &conflicts->card, CARD_HELLO);
}

bool conflicts_serve(struct conflicts *conflicts, uint32_t shard_count, const uint32_t *shard_ids,
                     size_t count, uint64_t now)
{
    if (!card_serve(&conflicts->card, shard_count, shard_ids, count)) {
        settle(conflicts);
        return false;
    }
    conflicts->is_serving = true;
    conflicts->settle_at = now + CONFLICTS_LIMIT;
    greet(conflicts);
    return true;
}

void conflicts_run(struct conflicts *conflicts)
{
    conflicts->card.state = CARD_RUNNING;
}

void conflicts_stop(struct conflicts *conflicts)
{
    conflicts->card.state = CARD_STOPPING;
}

/* ---- The loop ---- */

int conflicts_descriptor(struct conflicts *conflicts)
{
    return roll_call_descriptor(conflicts->roll_call);
}

static uint64_t earlier(uint64_t one, uint64_t two)
{
    return one < two ? one : two;
}

uint64_t conflicts_deadline(struct conflicts *conflicts)
{
    uint64_t own = earlier(conflicts->settle_at, conflicts->ask_again_at);
    return earlier(own, roll_call_deadline(conflicts->roll_call));
}

static void hear(struct conflicts *conflicts, const struct card *other, enum card_kind kind, uint64_t now)
{
    uint32_t kinds = conflicts_judge(&conflicts->card, other);
    if (kind == CARD_WHO || (kind == CARD_HELLO && kinds))
        roll_call_say(conflicts->roll_call, &conflicts->card, CARD_HERE);
    if (kinds)
        tell(conflicts, other, kinds, now);
}

static void give_up(struct conflicts *conflicts, const char *why)
{
    struct conflict *conflict = add(conflicts);
    settle(conflicts);
    conflicts->ask_again_at = SPECTACLES_NEVER;
    if (conflict)
        snprintf(conflict->text, sizeof conflict->text,
                 "other gateways of this group cannot be heard, so that two bots or two processes with the "
                 "same shards "
                 "are not noticed: %.300s",
                 why);
}

static void take(struct conflicts *conflicts, enum roll_call_news news, const char *text, uint64_t now)
{
    if (news == ROLL_CALL_PRESENT) {
        conflicts->is_present = true;
        greet(conflicts);
    } else if (news == ROLL_CALL_LOST) {
        conflicts->is_present = false;
    } else if (news == ROLL_CALL_REFUSED) {
        give_up(conflicts, text);
    } else if (news == ROLL_CALL_SENT && conflicts->awaits_confirm && conflicts->state == CONFLICTS_ASKING) {
        conflicts->awaits_confirm = false;
        conflicts->settle_at = earlier(conflicts->settle_at, now + CONFLICTS_WAIT);
    }
}

static void look_at_time(struct conflicts *conflicts, uint64_t now)
{
    if (now >= conflicts->settle_at)
        settle(conflicts);
    if (now >= conflicts->ask_again_at) {
        conflicts->ask_again_at = SPECTACLES_NEVER;
        greet(conflicts);
    }
}

void conflicts_process(struct conflicts *conflicts, uint64_t now)
{
    struct card card;
    enum card_kind kind;
    enum roll_call_news news;
    const char *text = "";
    roll_call_process(conflicts->roll_call, now);
    while ((news = roll_call_next(conflicts->roll_call, &card, &kind, &text, now)) != ROLL_CALL_NOTHING) {
        if (news == ROLL_CALL_HEARD)
            hear(conflicts, &card, kind, now);
        else
            take(conflicts, news, text, now);
        card_free(&card);
    }
    look_at_time(conflicts, now);
}

bool conflicts_are_settled(const struct conflicts *conflicts)
{
    return conflicts->state == CONFLICTS_SETTLED;
}

const struct conflict *conflicts_next(struct conflicts *conflicts)
{
    if (conflicts->pending_count == 0)
        return NULL;
    conflicts->current = conflicts->pending[0];
    conflicts->pending_count--;
    memmove(conflicts->pending, conflicts->pending + 1,
            conflicts->pending_count * sizeof *conflicts->pending);
    return &conflicts->current;
}
