#ifndef SP_NET_TUNNEL_SOCKET_H
#define SP_NET_TUNNEL_SOCKET_H

#include "net/tunnel.h"

/*
 * Goes on with the talk with a proxy over a connected socket, as far as that is possible without waiting. Not one byte
 * of the peer is read. Returns as sp_tunnel_feed() does; a socket that is broken is SPECTACLES_E_SYS.
 */
int sp_tunnel_move(sp_tunnel *tunnel, int fd, sp_text *why);

#endif
