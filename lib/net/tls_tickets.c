/*
 * The sessions of TLS that can be taken up again. Called by the files of the TLS libraries, tls_openssl_*.c and
 * tls_mbedtls_*.c.
 */
#include "net/tls_tickets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICKETS_MAX = 16
};

struct sp_tls_ticket {
    sp_tls_ticket *next;
    void *session;
    uint32_t port;
    char host[]; /* NUL-terminated */
};

static void free_ticket(const sp_tls_tickets *tickets, sp_tls_ticket *ticket)
{
    tickets->free_session(ticket->session);
    free(ticket);
}

static bool is_for(const sp_tls_ticket *ticket, const char *host, uint32_t port)
{
    return ticket->port == port && strcmp(ticket->host, host) == 0;
}

/* Frees what is behind so many tickets. */
static void cut(sp_tls_tickets *tickets, size_t count)
{
    sp_tls_ticket **at = &tickets->first;
    while (*at && count-- > 0)
        at = &(*at)->next;
    while (*at) {
        sp_tls_ticket *ticket = *at;
        *at = ticket->next;
        free_ticket(tickets, ticket);
    }
}

void sp_tls_tickets_keep(sp_tls_tickets *tickets, const char *host, uint32_t port, void *session)
{
    size_t length = strlen(host) + 1;
    sp_tls_ticket *ticket = malloc(sizeof *ticket + length);
    sp_tls_tickets_forget(tickets, host, port);
    if (!ticket) {
        tickets->free_session(session);
        return;
    }
    *ticket = (sp_tls_ticket){.next = tickets->first, .session = session, .port = port};
    memcpy(ticket->host, host, length);
    tickets->first = ticket;
    cut(tickets, TICKETS_MAX);
}

void *sp_tls_tickets_find(const sp_tls_tickets *tickets, const char *host, uint32_t port)
{
    for (sp_tls_ticket *ticket = tickets->first; ticket; ticket = ticket->next) {
        if (is_for(ticket, host, port))
            return ticket->session;
    }
    return NULL;
}

void sp_tls_tickets_forget(sp_tls_tickets *tickets, const char *host, uint32_t port)
{
    for (sp_tls_ticket **at = &tickets->first; *at; at = &(*at)->next) {
        sp_tls_ticket *ticket = *at;
        if (!is_for(ticket, host, port))
            continue;
        *at = ticket->next;
        free_ticket(tickets, ticket);
        return;
    }
}

void sp_tls_tickets_free(sp_tls_tickets *tickets)
{
    cut(tickets, 0);
}
