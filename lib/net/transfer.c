/*
 * Moves the bytes of a connection that stands, both ways, over TCP or TLS. Called by link.c.
 */
#include "net/link.h"
#include "net/tcp.h"

enum {
    READ_CHUNK = 32 * 1024,
    READ_BUDGET = 256 * 1024, /* bytes in a call, so that one busy link does not starve its neighbours */
    WRITE_BUDGET = 1024 * 1024
};

static void lose_plain(spectacles_link *link, ssize_t error, uint64_t now)
{
    sp_text why;
    sp_text_set(&why, "lost the connection to %s:%u: %s", link->host, (unsigned)link->port,
                sp_tcp_text(error));
    sp_link_lose(link, SPECTACLES_E_SYS, &why, &link->peer, now);
}

/*
 * Writes the bytes that TLS has kept. They go before all others. False when some are left, or when the connection
 * is lost.
 */
static bool flush_tls(spectacles_link *link, uint64_t now)
{
    sp_text why;
    int done = link->session ? sp_tls_flush(link->session, &why) : 1;
    if (done < 0)
        sp_link_lose(link, done, &why, &link->peer, now);
    return done == 1;
}

/*
 * Returns the number of bytes that were written; 0 when the socket takes none for now; -1 when the connection is
 * lost, and the engine has heard of it.
 */
static ssize_t write_some(spectacles_link *link, const uint8_t *bytes, size_t length, uint64_t now)
{
    sp_text why;
    ssize_t put = link->session ? sp_tls_write(link->session, bytes, length, &why)
                                : sp_tcp_write(link->fd, bytes, length);
    if (put >= 0)
        return put;
    if (link->session) {
        sp_link_lose(link, (int)put, &why, &link->peer, now);
        return -1;
    }
    if (sp_tcp_would_block(put))
        return 0;
    lose_plain(link, put, now);
    return -1;
}

static void flush(spectacles_link *link, uint64_t now)
{
    const uint8_t *bytes;
    size_t length;
    size_t budget = WRITE_BUDGET;
    link->unwritten = false;
    while (budget > 0 && flush_tls(link, now) &&
           (length = spectacles_stream_pending(link->stream, &bytes)) > 0) {
        ssize_t put = write_some(link, bytes, length < budget ? length : budget, now);
        if (put <= 0)
            return;
        spectacles_stream_consumed(link->stream, (size_t)put);
        link->engine_called = true;
        budget -= (size_t)put;
    }
    link->unwritten = budget == 0;
}

/* Reads, and returns what write_some() returns. The end of the stream is a lost connection too. */
static ssize_t read_some(spectacles_link *link, uint8_t *bytes, size_t length, uint64_t now)
{
    sp_text why;
    ssize_t got = link->session ? sp_tls_read(link->session, bytes, length, &why)
                                : sp_tcp_read(link->fd, bytes, length);
    if (got > 0)
        return got;
    if (link->session ? got == SP_TLS_WANTS_READ : sp_tcp_would_block(got))
        return 0;
    if (got == 0)
        sp_link_lose(link, SPECTACLES_OK, NULL, &link->peer, now);
    else if (link->session)
        sp_link_lose(link, (int)got, &why, &link->peer, now);
    else
        lose_plain(link, got, now);
    return -1;
}

static bool feed(spectacles_link *link, const uint8_t *bytes, size_t length, uint64_t now)
{
    int error = spectacles_stream_feed(link->stream, bytes, length, now);
    link->engine_called = true;
    if (error == SPECTACLES_OK)
        return true;
    sp_link_lose(link, error, NULL, &link->peer, now);
    return false;
}

/*
 * Reads until the engine has enough, the socket is empty or the budget is used up. Returns how many bytes were read.
 * *emptied: whether the socket holds no more; a plain socket is empty after a read that was shorter than its room.
 */
static size_t read_within_budget(spectacles_link *link, uint64_t now, bool *emptied)
{
    uint8_t bytes[READ_CHUNK];
    size_t budget = READ_BUDGET;
    ssize_t got = 1;
    if (link->session)
        sp_tls_ready(link->session);
    while (budget > 0 && spectacles_stream_wants_input(link->stream)) {
        got = read_some(link, bytes, budget < sizeof bytes ? budget : sizeof bytes, now);
        if (got <= 0 || !feed(link, bytes, (size_t)got, now))
            break;
        budget -= (size_t)got;
        if (!link->session && (size_t)got < sizeof bytes) {
            got = 0;
            break;
        }
    }
    if (link->state == SP_LINK_OPEN)
        link->more = got > 0;
    *emptied = got == 0;
    return READ_BUDGET - budget;
}

/*
 * With read_delay, the next read waits a while after one that brought bytes: in a stream of small messages each wake-up
 * costs more than the message. When a read brings nothing, the next bytes are read as they come.
 */
static void read_and_pause(spectacles_link *link, uint64_t now)
{
    bool emptied;
    bool more_may_come =
        read_within_budget(link, now, &emptied) > 0 && emptied && link->state == SP_LINK_OPEN;
    link->read_at = more_may_come && link->read_delay > 0 ? now + link->read_delay : 0;
}

/*
 * While the engine has enough, the descriptor is not watched. poll(2) and epoll report a broken connection all the
 * same, in every turn of the loop. The connection is given up then; bytes that were not read are lost with it.
 */
static void notice_reset(spectacles_link *link, uint64_t now)
{
    int connected = sp_tcp_connected(link->fd);
    if (connected < 0)
        lose_plain(link, connected, now);
}

/* A RabbitMQ in an alarm takes no bytes for hours, and lives. */
static void note_pause(spectacles_link *link)
{
    bool pauses = sp_stream_peer_pauses(link->stream);
    if (pauses != link->patient && link->tcp.user_timeout > 0)
        sp_tcp_set_user_timeout(link->fd, pauses ? 0 : link->tcp.user_timeout);
    link->patient = pauses;
}

bool sp_link_transfer(spectacles_link *link, uint32_t ready, uint64_t now)
{
    note_pause(link);
    flush(link, now);
    if (link->state != SP_LINK_OPEN)
        return true;
    bool readable = ready & SPECTACLES_LINK_READ || link->more;
    bool wanted = spectacles_stream_wants_input(link->stream);
    if (readable)
        read_and_pause(link, now);
    if (!wanted && ready & SPECTACLES_LINK_READ && link->state == SP_LINK_OPEN)
        notice_reset(link, now);
    return false;
}
