#ifndef TESTS_BROKER_HOSTILE_H
#define TESTS_BROKER_HOSTILE_H

#include "server.h"

/*
 * What the tests of a broken or hostile broker share: the honest steps up to a stage, the messages that such a broker
 * makes, and the play of a table of cases. Each case ends in an event that says what was wrong, with memory bounded,
 * and the engine comes back to READY with an honest broker.
 */

#define N(value) ((uint64_t)(value))

enum {
    MESSAGE_MOST = 64 * 1024, /* max_message of the engine */
    PUBLISHES = 2
};

/* How far the honest part goes: what has been said by then. */
enum hostile_stage {
    AT_OPENED,    /* nothing: start is awaited */
    AT_STARTED,   /* start */
    AT_TUNED,     /* tune */
    AT_SETUP,     /* open-ok: three channels are asked for */
    AT_CHANNELS,  /* three open-ok: the exchange and confirms are asked for */
    AT_DECLARING, /* the exchange stands: queues are asked for */
    AT_BINDING,   /* the first queue stands: its binding is awaited */
    AT_CONSUMING, /* confirms are on and two publishes out; qos and consume are awaited */
    AT_READY,
    STAGES
};

/* A case after which the connection is lost. */
typedef struct sp_hostile {
    const char *name;
    enum hostile_stage stage;
    void (*act)(sp_server *server);
    int code;         /* of the event */
    int error;        /* likewise */
    const char *says; /* part of the event's text */
} sp_hostile;

/* A case that the connection survives. */
typedef struct sp_survived {
    const char *name;
    void (*act)(sp_server *server);
    const char *event; /* how its line begins, NULL: there is none */
    const char *says;
    const char *wrote; /* the last line that was written */
} sp_survived;

/* Errors of the events, in short. */
enum {
    PROTO = SPECTACLES_E_PROTO,
    GONE = SPECTACLES_E_CLOSED,
    AUTH = SPECTACLES_E_AUTH,
    UNSUPPORTED = SPECTACLES_E_UNSUPPORTED,
    INVAL = SPECTACLES_E_INVAL
};

#define NO_PLACE "no place"

/* The bytes that the program has allocated; 0 when it was built without AddressSanitizer. */
size_t hostile_memory(void);

/* ---- Honest steps ---- */

/* A broker and an engine with two subscriptions and two publishes. split: feed byte by byte. */
sp_server *hostile_scene(int split);

/* Takes every honest step up to the stage. */
void hostile_reach(sp_server *server, enum hostile_stage stage);

/* The connection ends, if it has not ended yet. */
void hostile_end(sp_server *server);

/* Everything works: what was published is confirmed once, and deliveries come. */
void hostile_works(sp_server *server);

/* The next connection, to an honest broker, works. */
void hostile_recover(sp_server *server);

/* connection.start with this version, this table of properties and these mechanisms. */
void hostile_start_with(sp_server *server, const char *version, const void *table, size_t length,
                        const char *mechanisms);
void hostile_start(sp_server *server);
void hostile_tune(sp_server *server, int channel_max, uint32_t frame_max, int heartbeat);

/* ---- What a hostile broker does ---- */

#define HEADER_OF_1 "\0\x3c\0\0\0\0\0\0\0\0\0\1"
#define TAG_HEADER HEADER_OF_1 "\x20\0\0\0\0\x18\x0espectacles-tagl"

/* basic.return with this content header. */
void hostile_returned(sp_server *server, const void *header, size_t length);

/* basic.deliver alone: the content is still to come. */
void hostile_deliver(sp_server *server, const char *consumer, uint64_t tag);

/* A hostile message that passed through an honest broker: properties from behind the size on. */
void hostile_message(sp_server *server, const void *properties, size_t length);

/* Tables or arrays in each other, as deep as a frame allows. */
size_t hostile_nest(uint8_t *out, char kind, size_t depth);

/* It was the engine that gave up, and not the test. */
void hostile_gave_up(const sp_server *server);

/* One frame around a payload. */
#define FRAME(name, type, channel, payload)                                                                  \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        server_frame(server, type, channel, payload, sizeof(payload) - 1);                                   \
    }
#define METHOD(name, channel, ...)                                                                           \
    static void name(sp_server *server)                                                                      \
    {                                                                                                        \
        server_method(server, channel, __VA_ARGS__);                                                         \
    }

/* ---- The play ---- */

/* How many cases were not as they should be; says which and how. split: the hostile part is fed byte by byte. */
int hostile_lost(const sp_hostile *cases, size_t count, int split);
int hostile_survived(const sp_survived *cases, size_t count, int split);

#endif
