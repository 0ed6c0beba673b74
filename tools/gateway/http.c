/*
 * The HTTP server for metrics, probes and the page: libmicrohttpd, without a thread of its own. The loop of the daemon
 * calls it.
 *
 * What somebody outside can cost the loop is bounded. There are at most CONNECTIONS connections, which end after
 * TIMEOUT seconds without a byte, and whose requests have to fit into REQUEST_SIZE. A request has no body. Answers that
 * are expensive are made twice a second at most, and shared by all who ask meanwhile. Who reads slowly is written to
 * when the socket has room. Who is beyond CONNECTIONS waits in the queue of the listening socket until others end.
 */
#include "http.h"

#include "http_listen.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 64,
    TIMEOUT = 10,
    REQUEST_SIZE = 16 * 1024,
    KEPT_FOR = 500
};

/* An answer that is shared for a while. */
struct kept {
    struct MHD_Response *response;
    unsigned code;
    uint64_t until;
};

struct http {
    struct MHD_Daemon *daemon;
    const struct routes *routes; /* while http_process() runs */
    struct kept kept[ROUTE_COUNT];
};

/* ---- Answers ---- */

static void add_headers(struct MHD_Response *response, const struct http_answer *answer)
{
    MHD_add_response_header(response, "Content-Type", answer->type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->policy)
        MHD_add_response_header(response, "Content-Security-Policy", answer->policy);
}

/* Hands the body over. NULL: memory ran out. */
static struct MHD_Response *response_of(struct http_answer *answer)
{
    struct MHD_Response *response;
    if (answer->fixed)
        response = MHD_create_response_from_buffer(answer->fixed_length, (void *)(uintptr_t)answer->fixed,
                                                   MHD_RESPMEM_PERSISTENT);
    else
        response =
            MHD_create_response_from_buffer(answer->body.length, answer->body.data, MHD_RESPMEM_MUST_FREE);
    if (!response)
        http_body_free(&answer->body);
    else
        add_headers(response, answer);
    return response;
}

static bool is_expensive(enum route route)
{
    return route == ROUTE_METRICS || route == ROUTE_STATUS;
}

static void forget(struct kept *kept)
{
    if (kept->response)
        MHD_destroy_response(kept->response);
    *kept = (struct kept){0};
}

static enum MHD_Result answer_route(struct http *http, struct MHD_Connection *connection, enum route route)
{
    struct kept *kept = &http->kept[route];
    struct http_answer answer;
    if (!kept->response || http->routes->now >= kept->until) {
        forget(kept);
        routes_answer(&answer, http->routes, route);
        kept->response = response_of(&answer);
        kept->code = answer.code;
        kept->until = http->routes->now + (is_expensive(route) && answer.code == 200 ? KEPT_FOR : 0);
    }
    return kept->response ? MHD_queue_response(connection, kept->code, kept->response) : MHD_NO;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned code, const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- Requests ---- */

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

/* libmicrohttpd calls it twice for each request: when the headers are there, and when the request is complete. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_length, void **request)
{
    static char seen;
    struct http *http = context;
    (void)version;
    (void)upload;
    if (*request) {
        *upload_length = 0;
        return answer_route(http, connection, routes_find(http->routes, path));
    }
    *request = &seen;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD are answered here.\n");
    if (has_body(connection))
        return refuse(connection, MHD_HTTP_BAD_REQUEST, "A request has no body here.\n");
    return MHD_YES;
}

/* ---- The server ---- */

/* Paths are compared as they were sent: no path here needs an escape, and "%00" would end one early. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start(struct http *http, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, http, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)TIMEOUT, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_SIZE,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
}

/* The loop waits for one descriptor, behind which libmicrohttpd has all of its own: it has that with epoll alone. */
static bool has_epoll(struct problems *problems)
{
    if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES)
        return true;
    problems_add(
        problems, PROBLEM_IS_FINAL, "PROMETHEUS_ADDRESS",
        "the libmicrohttpd of this system is built without epoll, which the HTTP server needs: take this "
        "setting out, or install a libmicrohttpd that has epoll");
    return false;
}

struct http *http_new(const char *address, struct problems *problems)
{
    int fd = has_epoll(problems) ? http_listen(address, problems) : -1;
    struct http *http = fd >= 0 ? calloc(1, sizeof *http) : NULL;
    if (http)
        http->daemon = start(http, fd);
    if (http && http->daemon)
        return http;
    if (fd >= 0) {
        problems_add(problems, PROBLEM_MAY_PASS, "PROMETHEUS_ADDRESS",
                     "the HTTP server cannot begin: memory or descriptors ran out");
        close(fd);
    }
    free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        forget(&http->kept[i]);
    MHD_stop_daemon(http->daemon);
    free(http);
}

int http_descriptor(const struct http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

uint64_t http_deadline(const struct http *http, uint64_t now)
{
    MHD_UNSIGNED_LONG_LONG wait;
    return MHD_get_timeout(http->daemon, &wait) == MHD_YES ? now + wait : SPECTACLES_NEVER;
}

static unsigned connections(struct http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/*
 * Without room for a further connection libmicrohttpd takes its listening socket out of epoll, and puts it back where
 * a run begins. A run in which connections end is therefore followed by another: if all of them end in one run, nothing
 * else would ever wake the loop for those who wait.
 */
void http_process(struct http *http, const struct routes *routes)
{
    unsigned before = connections(http);
    http->routes = routes;
    MHD_run(http->daemon);
    if (connections(http) < before)
        MHD_run(http->daemon);
    http->routes = NULL;
}

unsigned http_port(const struct http *http)
{
    struct sockaddr_in6 address = {0};
    socklen_t length = sizeof address;
    int fd = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.sin6_port); /* in the place where IPv4 has its port */
}
