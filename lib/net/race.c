/*
 * The race of the attempts to connect to the addresses of one host. Called by connect.c, link.c and link_state.c.
 */
#include "net/race.h"

#include "net/descriptors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void sp_race_begin(sp_race *race, uint64_t deadline, uint64_t now)
{
    assert(race->count == 0);
    *race = (sp_race){.room = SP_ATTEMPTS_MAX,
                      .deadline = deadline,
                      .began = now,
                      .next_at = now,
                      .look_at = SPECTACLES_NEVER};
}

int sp_race_add_descriptor(sp_race *race, int fd)
{
    sp_attempt *attempt = sp_attempt_of_descriptor(fd);
    if (!attempt)
        return SPECTACLES_E_NOMEM;
    race->attempts[race->count++] = attempt;
    return SPECTACLES_OK;
}

/* ---- The end of an attempt ---- */

static void note_failure(sp_race *race, const sp_course *course, const sp_address *address, int error,
                         const sp_text *why)
{
    sp_history_note_failed(course->history, address);
    /* An address that has said something says more than one that could not be reached. */
    bool says_less = error == SPECTACLES_E_UNREACHABLE && race->error != SPECTACLES_OK;
    if (race->is_decided || (says_less && race->error != SPECTACLES_E_UNREACHABLE))
        return;
    free(race->failure);
    race->failure = why->length > 0 ? sp_text_copy(why->chars, why->length) : NULL;
    race->error = error;
    race->failed = *address;
}

static void drop(sp_race *race, const sp_course *course, size_t place)
{
    sp_attempt_free(race->attempts[place], course->shown);
    race->count--;
    memmove(race->attempts + place, race->attempts + place + 1,
            (race->count - place) * sizeof *race->attempts);
}

/* ---- The time between two attempts ---- */

bool sp_race_shakes_hands(const sp_race *race)
{
    for (size_t i = 0; i < race->count; i++) {
        if (race->attempts[i]->state > SP_ATTEMPT_CONNECTING)
            return true;
    }
    return false;
}

bool sp_race_is_unanswered(const sp_race *race, uint64_t now)
{
    return now >= race->began + SP_RACE_ANSWER && !sp_race_shakes_hands(race);
}

static uint64_t delay(const sp_race *race, const sp_course *course, uint64_t now)
{
    uint64_t left = race->deadline > now ? race->deadline - now : 0;
    uint64_t share = left / (course->addresses->count - race->next + 1);
    if (share < SP_RACE_DELAY)
        return SP_RACE_DELAY;
    if (race->count == race->room)
        return share;
    if (!sp_race_shakes_hands(race))
        return SP_RACE_DELAY;
    return share < SP_RACE_DELAY_MAX ? share : SP_RACE_DELAY_MAX;
}

bool sp_race_has(const sp_race *race, enum sp_attempt_state state)
{
    size_t i = 0;
    while (i < race->count && race->attempts[i]->state != state)
        i++;
    return i < race->count;
}

/* ---- A step ---- */

/* An address that is tried again: its attempt that had no answer makes room. */
static void drop_same(sp_race *race, const sp_course *course, const sp_address *address)
{
    for (size_t i = 0; i < race->count; i++) {
        if (sp_address_equals(&race->attempts[i]->address, address)) {
            drop(race, course, i);
            return;
        }
    }
}

/*
 * The attempt that was just begun would take one of the last descriptors, which other links, files and lookups need
 * more. Its address waits until an attempt that runs makes room.
 */
static void postpone(sp_race *race, const sp_course *course, uint64_t now)
{
    sp_attempt_free(race->attempts[race->count], course->shown);
    race->room = race->count;
    race->next--;
    race->next_at = now + delay(race, course, now);
}

static void begin_next(sp_race *race, const sp_course *course, uint64_t now)
{
    sp_text why;
    const sp_address *address = &course->addresses->list[race->next++];
    race->again_at = now + SP_RACE_AGAIN;
    race->went_round |= race->next == course->addresses->count;
    drop_same(race, course, address);
    if (race->count == race->room) {
        sp_history_note_failed(course->history, &race->attempts[0]->address);
        drop(race, course, 0);
    }
    race->tried = *address;
    int error = sp_attempt_begin(&race->attempts[race->count], &course->dial, address, &why);
    if (error != SPECTACLES_OK) {
        note_failure(race, course, address, error, &why);
        return;
    }
    if (race->count > 0 && sp_descriptors_are_scarce(race->attempts[race->count]->fd)) {
        postpone(race, course, now);
        return;
    }
    race->count++;
    race->next_at = now + delay(race, course, now);
}

/* True when the attempt has changed. */
static bool advance(sp_race *race, const sp_course *course, size_t place, uint64_t now)
{
    sp_text why;
    sp_attempt *attempt = race->attempts[place];
    int result = sp_attempt_step(attempt, &course->dial, &why);
    if (result == SP_ATTEMPT_WAITS)
        return false;
    if (result < 0) {
        note_failure(race, course, &attempt->address, result, &why);
        race->is_decided |= result == SPECTACLES_E_TLS || attempt->state == SP_ATTEMPT_TUNNELLING;
        drop(race, course, place);
        race->next_at = now;
    } else if (attempt->state != SP_ATTEMPT_THROUGH) {
        uint64_t at = now + delay(race, course, now);
        race->next_at = at > race->next_at ? at : race->next_at;
    }
    return true;
}

size_t sp_race_tried(const sp_race *race, const sp_addresses *addresses)
{
    return race->went_round ? addresses->count : race->next;
}

/* Whether all addresses were tried, and the attempts that are left have no answer. */
static bool waits_in_vain(const sp_race *race, const sp_addresses *addresses)
{
    return race->count > 0 && addresses->count > 0 && race->next == addresses->count &&
           !sp_race_shakes_hands(race);
}

static size_t find_winner(const sp_race *race)
{
    size_t i = 0;
    while (i < race->count && race->attempts[i]->state != SP_ATTEMPT_THROUGH)
        i++;
    return i;
}

enum sp_race_result sp_race_step(sp_race *race, const sp_course *course, uint64_t now)
{
    bool advanced = false;
    race->look_at = now + SP_RACE_LOOK;
    for (size_t i = race->count; i-- > 0;)
        advanced = advance(race, course, i, now) || advanced;
    if (find_winner(race) < race->count)
        return SP_RACE_WON;
    if (waits_in_vain(race, course->addresses) && now >= race->again_at) {
        race->next = 0;
        race->next_at = now;
    }
    if (race->next < course->addresses->count && now >= race->next_at) {
        begin_next(race, course, now);
        return SP_RACE_ADVANCED;
    }
    if (race->count == 0 && race->next == course->addresses->count)
        return SP_RACE_LOST;
    return advanced ? SP_RACE_ADVANCED : SP_RACE_WAITS;
}

/* ---- The end of the race ---- */

int sp_race_take_winner(sp_race *race, const sp_course *course, sp_tls_session **session, sp_address *address)
{
    size_t place = find_winner(race);
    assert(place < race->count);
    sp_attempt *winner = race->attempts[place];
    int fd = winner->fd;
    *session = winner->session;
    *address = winner->address;
    winner->fd = -1;
    winner->session = NULL;
    sp_attempt_unwatch(winner);
    sp_race_end(race, course->shown);
    return fd;
}

void sp_race_give_up(sp_race *race, const sp_course *course)
{
    for (size_t i = 0; i < race->count; i++)
        sp_history_note_failed(course->history, &race->attempts[i]->address);
}

void sp_race_end(sp_race *race, sp_shown *shown)
{
    for (size_t i = 0; i < race->count; i++)
        sp_attempt_free(race->attempts[i], shown);
    race->count = 0;
    free(race->failure);
    race->failure = NULL;
}

/* ---- What the owner waits for ---- */

int sp_race_fd(const sp_race *race)
{
    return race->count > 0 ? race->attempts[race->count - 1]->fd : -1;
}

uint32_t sp_race_interest(const sp_race *race)
{
    return race->count > 0 ? sp_attempt_interest(race->attempts[race->count - 1]) : 0;
}

uint64_t sp_race_deadline(const sp_race *race, const sp_addresses *addresses, bool all_are_watched)
{
    uint64_t deadline = race->count > 1 && !all_are_watched ? race->look_at : SPECTACLES_NEVER;
    if (race->next < addresses->count && race->next_at < deadline)
        deadline = race->next_at;
    if (waits_in_vain(race, addresses) && race->again_at < deadline)
        deadline = race->again_at;
    return race->count == 0 ? 0 : deadline;
}

int sp_race_watch(const sp_race *race, sp_watcher *watcher, spectacles_link *link)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < race->count; i++)
        error = sp_attempt_watch(race->attempts[i], watcher, link);
    return error;
}

void sp_race_unwatch(const sp_race *race)
{
    for (size_t i = 0; i < race->count; i++)
        sp_attempt_unwatch(race->attempts[i]);
}
