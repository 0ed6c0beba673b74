#ifndef SP_NET_SHOWN_H
#define SP_NET_SHOWN_H

/*
 * The descriptor that the owner of a link was told of. The owner may still watch it when its connection ends: then it
 * is shut down, and closed at the next call on the link.
 */
typedef struct sp_shown {
    int fd;   /* -1: none */
    int dead; /* shut down, and not closed yet; -1: none */
} sp_shown;

/* A call on the link begins: the owner has been told of this descriptor, and watches no other one. */
void sp_shown_begin(sp_shown *shown, int fd);

/* Closes a descriptor of the link. */
void sp_shown_close(sp_shown *shown, int fd);

/* The link is freed: nothing stays open. */
void sp_shown_end(sp_shown *shown);

#endif
