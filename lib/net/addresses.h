#ifndef SP_NET_ADDRESSES_H
#define SP_NET_ADDRESSES_H

#include "net/address.h"
#include "net/history.h"

/* The addresses of a host, in the order in which they are tried. However many there are: the answer bounds them. */
typedef struct sp_addresses {
    sp_address *list;
    size_t count;
    size_t capacity;
} sp_addresses;

/* Reads numeric addresses that are separated by spaces. Returns 0, SPECTACLES_E_INVAL or SPECTACLES_E_NOMEM. */
int sp_addresses_parse(sp_addresses *addresses, const char *text, size_t length);

/* Leaves the addresses of one family. family: AF_INET or AF_INET6; 0: all stay. */
void sp_addresses_keep_family(sp_addresses *addresses, int family);

/*
 * Puts the addresses into order. RFC 8305, section 4: families take turns, beginning with the family of the first
 * address. Then what the link has seen: the address that worked last is the first one, and addresses that have failed
 * are the last ones; the others begin behind the address that failed last.
 * Returns 0 or SPECTACLES_E_NOMEM.
 */
int sp_addresses_order(sp_addresses *addresses, const sp_history *history);

void sp_addresses_free(sp_addresses *addresses);

#endif
