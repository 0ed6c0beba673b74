#ifndef SP_NET_TLS_TICKETS_H
#define SP_NET_TLS_TICKETS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The sessions that can be taken up again (RFC 8446, section 2.2; RFC 5077), one for each host and port, the last ones
 * of 16. A session that is taken up needs no certificates: the second handshake of a host costs a fraction of the
 * first. What a session is, is the business of the TLS library.
 */

typedef struct sp_tls_ticket sp_tls_ticket;

typedef struct sp_tls_tickets {
    sp_tls_ticket *first; /* the one that was kept last */
    void (*free_session)(void *session);
} sp_tls_tickets;

/* Keeps a session, in place of the older one for this host and port. The session belongs to the tickets from now on. */
void sp_tls_tickets_keep(sp_tls_tickets *tickets, const char *host, uint32_t port, void *session);

/* The session for this host and port, which stays with the tickets; NULL when there is none. */
void *sp_tls_tickets_find(const sp_tls_tickets *tickets, const char *host, uint32_t port);

/* Frees the session for this host and port. */
void sp_tls_tickets_forget(sp_tls_tickets *tickets, const char *host, uint32_t port);

/* Frees all sessions. */
void sp_tls_tickets_free(sp_tls_tickets *tickets);

#endif
