#ifndef SP_CORE_TRANSPORT_H
#define SP_CORE_TRANSPORT_H

/* The connection of an engine as its transport sees it: the link, or the loop of the owner. */
enum sp_transport {
    SP_TRANSPORT_NONE,   /* no connection is wanted */
    SP_TRANSPORT_WANTED, /* a connection is wanted: the endpoint says where to */
    SP_TRANSPORT_OPEN,
    SP_TRANSPORT_ENDED /* the connection has ended; bytes that were fed before are still read */
};

#endif
