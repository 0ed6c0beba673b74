#ifndef SP_NET_NETWORK_H
#define SP_NET_NETWORK_H

#include <stdbool.h>

/* Changes of the addresses, the routes and the lines of this machine. */

/*
 * A descriptor that becomes readable with each change: close it with close(2). -ENOSYS where the system tells nobody of
 * changes, or another negative errno.
 */
int sp_network_watch(void);
void sp_network_close(int fd);

/* Reads what the descriptor has told. True when something has changed. Never blocks. */
bool sp_network_has_changed(int fd);

#endif
