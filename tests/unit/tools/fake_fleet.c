#include "fake_fleet.h"

#include "connection.h"

#include <stdio.h>

struct fake_fleet fake_fleet;

struct spectacles_fleet {
    int unused;
};

static struct spectacles_fleet the_fleet;

void fake_fleet_begin(void)
{
    fake_fleet =
        (struct fake_fleet){.deadline = SPECTACLES_NEVER,
                            .progress = {.shard_count = 4, .slots = 4, .generation = 1, .is_known = 1}};
}

void fake_fleet_bring(const spectacles_fleet_event *event)
{
    assert_true(fake_fleet.count < FAKE_FLEET_EVENTS);
    fake_fleet.events[fake_fleet.count++] = *event;
}

void fake_fleet_add_member(const char *name, uint32_t weight)
{
    spectacles_fleet_member_info *member = &fake_fleet.members[fake_fleet.member_count++];
    *member = (spectacles_fleet_member_info){.weight = weight};
    snprintf(member->name, sizeof member->name, "%s", name);
}

/* ---- Made and freed ---- */

void spectacles_fleet_config_init(spectacles_fleet_config *config, size_t size)
{
    *config = (spectacles_fleet_config){
        .size = (uint32_t)size, .weight = 100, .generation = 1, .identify_reserve = 50};
}

int spectacles_fleet_new(spectacles_fleet **out, const spectacles_fleet_config *config,
                         spectacles_problem *problem)
{
    (void)problem;
    fake_fleet.made++;
    snprintf(fake_fleet.member, sizeof fake_fleet.member, "%s", config->member);
    snprintf(fake_fleet.group, sizeof fake_fleet.group, "%s", config->group);
    fake_fleet.shard_count = config->shard_count;
    *out = &the_fleet;
    return SPECTACLES_OK;
}

void spectacles_fleet_free(spectacles_fleet *fleet)
{
    fake_fleet.freed += fleet != NULL;
}

const spectacles_fleet_event *spectacles_fleet_next_event(spectacles_fleet *fleet, uint64_t now)
{
    assert_ptr_equal(fleet, &the_fleet);
    (void)now;
    return fake_fleet.next < fake_fleet.count ? &fake_fleet.events[fake_fleet.next++] : NULL;
}

uint64_t spectacles_fleet_deadline(const spectacles_fleet *fleet)
{
    (void)fleet;
    return fake_fleet.deadline;
}

void spectacles_fleet_set_unix_offset(spectacles_fleet *fleet, uint64_t unix_offset)
{
    (void)fleet;
    assert_true(unix_offset > 0);
}

/* ---- What became of a shard ---- */

static int take_report(uint32_t shard_id, const spectacles_session *session, size_t count)
{
    fake_fleet.shard_id = shard_id;
    fake_fleet.seq = session ? session->seq : UINT64_MAX;
    fake_fleet.gaps = count;
    if (fake_fleet.refused > 0) {
        fake_fleet.refused--;
        return SPECTACLES_E_INVAL;
    }
    return fake_fleet.error;
}

int spectacles_fleet_report(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                            const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                            uint64_t now)
{
    fake_fleet.sharding = shard_count;
    (void)fleet;
    (void)gaps;
    (void)now;
    fake_fleet.reports++;
    return take_report(shard_id, session, count);
}

int spectacles_fleet_removed(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                             const spectacles_session *session, const spectacles_gap *gaps, size_t count,
                             uint64_t now)
{
    fake_fleet.sharding = shard_count;
    (void)fleet;
    (void)gaps;
    (void)now;
    fake_fleet.removals++;
    return take_report(shard_id, session, count);
}

int spectacles_fleet_connected(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count, uint64_t now)
{
    (void)fleet;
    (void)shard_id;
    fake_fleet.sharding = shard_count;
    (void)now;
    fake_fleet.connected++;
    return SPECTACLES_OK;
}

const char *spectacles_fleet_phase_name(uint32_t phase)
{
    static const char *const names[] = {"STABLE", "PREPARE", "WARMING", "OVERLAP", "CLOSING", "ABORTING"};
    return names[phase];
}

void spectacles_fleet_resharding_init(spectacles_fleet_resharding *out, size_t size)
{
    *out = (spectacles_fleet_resharding){.size = (uint32_t)size};
}

/* What comes next is shown once a wish was told; the last of it stays. */
int spectacles_fleet_progress(const spectacles_fleet *fleet, spectacles_fleet_resharding *out)
{
    (void)fleet;
    bool is_told = fake_fleet.wanted > 0 || fake_fleet.aborted > 0;
    if (is_told && fake_fleet.shown_next < fake_fleet.shown_count)
        fake_fleet.progress = fake_fleet.shown[fake_fleet.shown_next++];
    *out = fake_fleet.progress;
    return SPECTACLES_OK;
}

int spectacles_fleet_reshard(spectacles_fleet *fleet, uint32_t shard_count)
{
    (void)fleet;
    fake_fleet.wanted = shard_count;
    return fake_fleet.change_error;
}

int spectacles_fleet_abort_reshard(spectacles_fleet *fleet)
{
    (void)fleet;
    fake_fleet.aborted++;
    return fake_fleet.change_error;
}

int spectacles_fleet_disconnected(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                                  uint64_t now)
{
    (void)shard_count;
    (void)fleet;
    (void)shard_id;
    (void)now;
    fake_fleet.disconnected++;
    return SPECTACLES_OK;
}

int spectacles_fleet_wants_identify(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count,
                                    uint64_t now)
{
    (void)shard_count;
    (void)fleet;
    (void)shard_id;
    (void)now;
    fake_fleet.wants++;
    return SPECTACLES_OK;
}

int spectacles_fleet_identified(spectacles_fleet *fleet, uint32_t shard_id, uint32_t shard_count, int sent,
                                uint64_t now)
{
    fake_fleet.sharding = shard_count;
    (void)fleet;
    (void)shard_id;
    (void)now;
    fake_fleet.identified++;
    fake_fleet.sent = sent;
    return SPECTACLES_OK;
}

int spectacles_fleet_set_limits(spectacles_fleet *fleet, const spectacles_gateway_bot *answer,
                                uint64_t asked_at, uint64_t now)
{
    (void)fleet;
    (void)now;
    assert_non_null(answer);
    fake_fleet.asked_at = asked_at;
    return SPECTACLES_OK;
}

/* ---- What people want ---- */

void spectacles_fleet_leave(spectacles_fleet *fleet, uint64_t now)
{
    (void)fleet;
    (void)now;
    fake_fleet.left++;
}

int spectacles_fleet_has_left(const spectacles_fleet *fleet)
{
    (void)fleet;
    return fake_fleet.has_left;
}

/* Done at once. */
int spectacles_fleet_move(spectacles_fleet *fleet, uint32_t slot, const char *member)
{
    (void)fleet;
    assert_true(slot < 4 && fake_fleet.move_count < 64);
    fake_fleet.moves[fake_fleet.move_count].slot = slot;
    snprintf(fake_fleet.moves[fake_fleet.move_count++].member, SPECTACLES_FLEET_NAME_SIZE, "%s",
             member ? member : "");
    if (!member)
        return SPECTACLES_OK;
    snprintf(fake_fleet.slots[slot].owner, SPECTACLES_FLEET_NAME_SIZE, "%s", member);
    snprintf(fake_fleet.slots[slot].planned, SPECTACLES_FLEET_NAME_SIZE, "%s", member);
    return SPECTACLES_OK;
}

/* ---- Looking ---- */

void spectacles_fleet_slot_info_init(spectacles_fleet_slot_info *info, size_t size)
{
    *info = (spectacles_fleet_slot_info){.size = (uint32_t)size};
}

void spectacles_fleet_member_info_init(spectacles_fleet_member_info *info, size_t size)
{
    *info = (spectacles_fleet_member_info){.size = (uint32_t)size};
}

uint32_t spectacles_fleet_slot_count(const spectacles_fleet *fleet)
{
    (void)fleet;
    return 4;
}

int spectacles_fleet_slot(const spectacles_fleet *fleet, uint32_t slot, spectacles_fleet_slot_info *out)
{
    (void)fleet;
    *out = fake_fleet.slots[slot];
    return SPECTACLES_OK;
}

int spectacles_fleet_member(const spectacles_fleet *fleet, size_t index, spectacles_fleet_member_info *out)
{
    (void)fleet;
    if (index >= fake_fleet.member_count)
        return 0;
    *out = fake_fleet.members[index];
    return 1;
}

const char *spectacles_fleet_slot_state_name(uint32_t state)
{
    static const char *const names[] = {"IDLE", "WAITING", "CLAIMING", "OWNED", "RELEASING", "DOUBTFUL"};
    return names[state];
}

const char *spectacles_fleet_event_type_name(uint32_t type)
{
    (void)type;
    return "SOMETHING";
}

const char *spectacles_fleet_last_error(const spectacles_fleet *fleet)
{
    (void)fleet;
    return "";
}

/* ---- The connection ---- */

struct connection {
    int unused;
};

static struct connection the_connection;

int connection_to_broker(struct connection **out, spectacles_broker **broker,
                         const spectacles_broker_config *config, const spectacles_link_config *link,
                         spectacles_problem *problem)
{
    (void)link;
    spectacles_broker_config own = *config;
    own.seed = 1;
    assert_int_equal(config->exchange_type, SPECTACLES_EXCHANGE_FANOUT);
    assert_int_equal(config->heartbeat, 4);
    *out = &the_connection;
    return spectacles_broker_new(broker, &own, problem);
}

void connection_free(struct connection *connection)
{
    (void)connection;
}

void connection_set_tls(struct connection *connection, spectacles_tls *tls)
{
    (void)connection;
    (void)tls;
}

int connection_descriptor(struct connection *connection)
{
    (void)connection;
    return -1;
}

uint64_t connection_deadline(struct connection *connection)
{
    (void)connection;
    return SPECTACLES_NEVER;
}

void connection_process(struct connection *connection, uint64_t now)
{
    (void)connection;
    (void)now;
}

bool connection_flush(struct connection *connection, uint64_t now)
{
    (void)connection;
    (void)now;
    return false;
}

void connection_wait(struct connection *connection, uint64_t until, uint64_t now)
{
    (void)connection;
    (void)until;
    (void)now;
}
