#ifndef SP_NET_RACE_H
#define SP_NET_RACE_H

#include "net/addresses.h"
#include "net/attempt.h"

/*
 * Attempts at several addresses of a host, side by side (RFC 8305, "Happy Eyeballs"). The first attempt that gets
 * through wins, which means TCP and, where it is wanted, TLS. The others are closed.
 *
 *     250 ms after an attempt was begun, the next one begins, and the earlier ones go on.
 *     When an attempt fails, the next one begins at once.
 *     When TCP of an attempt stands, the address has up to 2 s for what follows, before the next attempt begins.
 *
 *     4 s after the last address was tried, and while nobody has answered, all of them are tried again. TCP alone would
 *     repeat its questions after ever longer pauses, and hear late that a line is back.
 *
 * So a handshake that stalls does not win, and a server that is slow under load is not asked twice. At most
 * SP_ATTEMPTS_MAX attempts run, and fewer when the process may not have many more descriptors. When a further address
 * is due, the oldest attempt makes room for it, and then the addresses that are left share the time that is left.
 */
enum {
    SP_ATTEMPTS_MAX = 8,
    SP_RACE_DELAY = 250,      /* milliseconds: RFC 8305, section 8 ("Connection Attempt Delay") */
    SP_RACE_DELAY_MAX = 2000, /* the most that the section allows */
    SP_RACE_AGAIN = 4000,
    SP_RACE_ANSWER = 1000, /* TCP asks a second time then (RFC 6298, section 2.1) */
    SP_RACE_LOOK = 25      /* an owner watches one descriptor: the others are looked at so often */
};

typedef struct sp_race {
    sp_attempt *attempts[SP_ATTEMPTS_MAX]; /* the oldest first */
    size_t count;
    size_t room; /* how many attempts may run */
    uint64_t began;
    size_t next;       /* the index of the next address */
    uint64_t next_at;  /* when it is due */
    uint64_t again_at; /* when all are tried again */
    bool went_round;   /* all were tried */
    uint64_t look_at;  /* when the attempts are looked at again, whatever their descriptors say */
    uint64_t deadline; /* of the whole race */
    sp_address tried;  /* the address that was tried last */
    /* The failure that is told when nobody wins: that of TLS or of a proxy which came first, or else the last one. */
    char *failure;   /* NULL: none, or no memory for it */
    bool is_decided; /* it is that of TLS or of a proxy, and no other one says more */
    int error;       /* 0: none has failed */
    sp_address failed;
} sp_race;

/* What a step of a race has come to. */
enum sp_race_result {
    SP_RACE_WAITS,
    SP_RACE_ADVANCED, /* another step may follow */
    SP_RACE_WON,      /* sp_race_take_winner() */
    SP_RACE_LOST      /* no attempt runs, and no address is left */
};

/* What a race is about. Lives as long as the race. */
typedef struct sp_course {
    sp_dial dial;
    const sp_addresses *addresses;
    sp_history *history;
    sp_shown *shown;
} sp_course;

void sp_race_begin(sp_race *race, uint64_t deadline, uint64_t now);

/* Adds an attempt over a descriptor of the owner, which the race has from then on. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_race_add_descriptor(sp_race *race, int fd);

enum sp_race_result sp_race_step(sp_race *race, const sp_course *course, uint64_t now);

/* Ends the race. Gives what got through: its descriptor, its TLS session (or NULL) and its address. */
int sp_race_take_winner(sp_race *race, const sp_course *course, sp_tls_session **session,
                        sp_address *address);

/* The time is over: each attempt that runs has failed. */
void sp_race_give_up(sp_race *race, const sp_course *course);

/* How many of the addresses were tried. */
size_t sp_race_tried(const sp_race *race, const sp_addresses *addresses);

/* Whether nobody has answered a question of TCP yet, although it was asked a second time: SP_RACE_ANSWER is over. */
bool sp_race_is_unanswered(const sp_race *race, uint64_t now);

/* Whether TCP of an attempt stands; and whether an attempt is in this state. */
bool sp_race_shakes_hands(const sp_race *race);
bool sp_race_has(const sp_race *race, enum sp_attempt_state state);

/* The descriptor that the owner watches, of the youngest attempt; -1: none. */
int sp_race_fd(const sp_race *race);
uint32_t sp_race_interest(const sp_race *race);

/*
 * When the next step is due, whatever the descriptors say. An owner without a poller watches one descriptor alone:
 * then the others are looked at every SP_RACE_LOOK milliseconds.
 */
uint64_t sp_race_deadline(const sp_race *race, const sp_addresses *addresses, bool all_are_watched);

/* Lets the poller of the link watch all attempts. Returns 0 or a negative errno. */
int sp_race_watch(const sp_race *race, sp_watcher *watcher, spectacles_link *link);
void sp_race_unwatch(const sp_race *race);

/* Closes everything. */
void sp_race_end(sp_race *race, sp_shown *shown);

#endif
