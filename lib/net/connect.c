/*
 * Makes the connection that the engine wants: addresses in turn, TCP, and TLS. Called by link.c.
 */
#include "net/link.h"
#include "net/tcp.h"

#include <string.h>

void sp_link_add_address(spectacles_link *link, const char *text, size_t length)
{
    if (link->address_count < SP_LINK_ADDRESSES_MAX &&
        sp_address_parse(&link->addresses[link->address_count], text, length))
        link->address_count++;
}

void sp_link_begin(spectacles_link *link, const spectacles_endpoint *endpoint, uint64_t now)
{
    size_t length = strlen(endpoint->host);
    link->connection = endpoint->connection;
    link->port = endpoint->port;
    link->wants_tls = endpoint->tls;
    length = length < sizeof link->host ? length : sizeof link->host - 1;
    memcpy(link->host, endpoint->host, length);
    link->host[length] = '\0';
    link->address_count = link->address = 0;
    link->unresolved = false;
    sp_link_add_address(link, link->host, length);
    sp_link_set_state(link, SP_LINK_RESOLVING);
    link->deadline = now + link->connect_timeout;
}

static const char *phase(const spectacles_link *link)
{
    return link->state == SP_LINK_RESOLVING    ? "looking up the host name"
           : link->state == SP_LINK_CONNECTING ? "connecting (TCP)"
                                               : "the TLS handshake";
}

void sp_link_time_out(spectacles_link *link, uint64_t now)
{
    sp_text why;
    sp_text_set(&why, "timed out after %u ms with %s:%u, while %s", (unsigned)link->connect_timeout,
                link->host, (unsigned)link->port, phase(link));
    sp_link_lose(link, SPECTACLES_E_SYS, &why, now);
}

static void refuse_address(spectacles_link *link, ssize_t error, uint64_t now)
{
    sp_text why;
    if (++link->address < link->address_count) {
        sp_link_set_state(link, SP_LINK_RESOLVING);
        return;
    }
    sp_text_set(&why, "can not connect to %s:%u: %s", link->host, (unsigned)link->port, sp_tcp_text(error));
    sp_link_lose(link, SPECTACLES_E_SYS, &why, now);
}

bool sp_link_try_address(spectacles_link *link, uint64_t now)
{
    sp_text why;
    if (link->unresolved) {
        sp_text_set(&why, "can not find the host %s: its name can not be resolved", link->host);
        sp_link_lose(link, SPECTACLES_E_SYS, &why, now);
        return true;
    }
    if (link->address >= link->address_count)
        return false;
    int fd = sp_tcp_connect(&link->addresses[link->address], link->port);
    if (fd < 0) {
        refuse_address(link, fd, now);
        return true;
    }
    link->fd = fd;
    sp_link_set_state(link, SP_LINK_CONNECTING);
    /* The addresses that are left share the time that is left. */
    uint64_t left = link->deadline > now ? link->deadline - now : 0;
    link->address_deadline = now + left / (link->address_count - link->address);
    return true;
}

static bool open_engine(spectacles_link *link, uint64_t now)
{
    sp_link_set_state(link, SP_LINK_OPEN);
    link->engine_called = true;
    int error = spectacles_stream_opened(link->stream, now);
    if (error != SPECTACLES_OK)
        sp_link_lose(link, error, NULL, now);
    return true;
}

/* Certificates are read again for each connection: a new certificate needs no restart. */
static int load_certificates_of(spectacles_link *link, const spectacles_endpoint *endpoint,
                                spectacles_problem *why)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = endpoint->ca_file;
    config.cert_file = endpoint->cert_file;
    config.key_file = endpoint->key_file;
    spectacles_tls_free(link->endpoint_tls);
    link->endpoint_tls = NULL;
    return spectacles_tls_new(&link->endpoint_tls, &config, why);
}

static int load_certificates(spectacles_link *link, spectacles_problem *why)
{
    const spectacles_endpoint *endpoint = spectacles_stream_endpoint(link->stream);
    if (endpoint && (endpoint->ca_file || endpoint->cert_file))
        return load_certificates_of(link, endpoint, why);
    spectacles_tls_free(link->endpoint_tls);
    link->endpoint_tls = NULL;
    return link->tls ? SPECTACLES_OK : spectacles_tls_new(&link->tls, NULL, why);
}

static bool begin_tls(spectacles_link *link, uint64_t now)
{
    spectacles_problem problem;
    int error = load_certificates(link, &problem);
    if (error != SPECTACLES_OK) {
        sp_text why;
        sp_text_set(&why, "%s", problem.text);
        sp_link_lose(link, error, &why, now);
        return true;
    }
    spectacles_tls *tls = link->endpoint_tls ? link->endpoint_tls : link->tls;
    error = sp_tls_session_new(&link->session, tls, link->fd, link->host, link->port);
    if (error != SPECTACLES_OK) {
        sp_link_lose(link, error, NULL, now);
        return true;
    }
    sp_link_set_state(link, SP_LINK_HANDSHAKING);
    return true;
}

bool sp_link_check_connected(spectacles_link *link, uint64_t now)
{
    int connected = sp_tcp_connected(link->fd);
    if (connected < 0) {
        refuse_address(link, connected, now);
        return true;
    }
    if (connected == 0 && now >= link->address_deadline && link->address + 1 < link->address_count) {
        refuse_address(link, 0, now);
        return true;
    }
    if (connected == 0)
        return false;
    return link->wants_tls ? begin_tls(link, now) : open_engine(link, now);
}

bool sp_link_handshake(spectacles_link *link, uint64_t now)
{
    sp_text why;
    int done = sp_tls_handshake(link->session, &why);
    if (done == 1)
        return open_engine(link, now);
    if (done == SP_TLS_WANTS_READ)
        return false;
    sp_link_lose(link, done, &why, now);
    return true;
}
