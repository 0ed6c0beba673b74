#ifndef TESTS_UNIT_TOOLS_WEB_SERVER_H
#define TESTS_UNIT_TOOLS_WEB_SERVER_H

#include <stddef.h>

/* A real HTTP server on a free port of this machine, with a thread of its own: for what asks by libcurl. */
struct web_server;

struct web_server *web_server_new(void);
void web_server_free(struct web_server *server);

/* "127.0.0.1:PORT" */
const char *web_server_place(const struct web_server *server);

/*
 * From now on a path that begins so is answered by this; the longest one that fits. All other paths are a 404.
 *
 * header: "Name: value", or NULL.
 */
void web_server_answer(struct web_server *server, const char *path, unsigned status, const char *body,
                       const char *header);

/* The header Authorization of the last request; "" without one. */
const char *web_server_authorization(const struct web_server *server);

/* The last path that was asked for, with its query; "" when nobody has asked. */
const char *web_server_asked(const struct web_server *server);

#endif
