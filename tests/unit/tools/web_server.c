#include "web_server.h"

#include "unit.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    ANSWERS_MAX = 32,
    TEXT_SIZE = 512
};

struct answer {
    char path[TEXT_SIZE];
    unsigned status;
    const char *body;
    const char *header;
};

struct web_server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t mutex; /* of what follows */
    char place[32];
    struct answer answers[ANSWERS_MAX];
    size_t count;
    char authorization[TEXT_SIZE];
    char asked[TEXT_SIZE];
};

static void keep(char out[TEXT_SIZE], const char *text)
{
    snprintf(out, TEXT_SIZE, "%s", text ? text : "");
}

static enum MHD_Result add_query(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    char *asked = context;
    size_t length = strlen(asked);
    (void)kind;
    snprintf(asked + length, TEXT_SIZE - length, "%c%s=%s", strchr(asked, '?') ? '&' : '?', key,
             value ? value : "");
    return MHD_YES;
}

static const struct answer *find(const struct web_server *server, const char *path)
{
    const struct answer *best = NULL;
    for (size_t i = 0; i < server->count; i++) {
        const struct answer *each = &server->answers[i];
        if (strncmp(path, each->path, strlen(each->path)) == 0 &&
            (!best || strlen(each->path) >= strlen(best->path)))
            best = each;
    }
    return best;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_length, void **request)
{
    static const struct answer nothing = {.status = 404, .body = ""};
    struct web_server *server = context;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_length;
    (void)request;
    pthread_mutex_lock(&server->mutex);
    const struct answer *answer = find(server, path);
    answer = answer ? answer : &nothing;
    keep(server->asked, path);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, server->asked);
    keep(server->authorization, MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"));
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(answer->body), (void *)(uintptr_t)answer->body, MHD_RESPMEM_MUST_COPY);
    const char *value = answer->header ? strchr(answer->header, ':') : NULL;
    if (value) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(value - answer->header), answer->header);
        MHD_add_response_header(response, name, value + 2);
    }
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    pthread_mutex_unlock(&server->mutex);
    MHD_destroy_response(response);
    return result;
}

static unsigned port_of(struct MHD_Daemon *daemon)
{
    struct sockaddr_in address = {.sin_port = 0};
    socklen_t length = sizeof address;
    int fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

struct web_server *web_server_new(void)
{
    struct web_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET};
    assert_non_null(server);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pthread_mutex_init(&server->mutex, NULL);
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, handle,
                                      server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    assert_non_null(server->daemon);
    snprintf(server->place, sizeof server->place, "127.0.0.1:%u", port_of(server->daemon));
    return server;
}

void web_server_free(struct web_server *server)
{
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

const char *web_server_place(const struct web_server *server)
{
    return server->place;
}

void web_server_answer(struct web_server *server, const char *path, unsigned status, const char *body,
                       const char *header)
{
    pthread_mutex_lock(&server->mutex);
    assert_true(server->count < ANSWERS_MAX);
    struct answer *answer = &server->answers[server->count++];
    *answer = (struct answer){.status = status, .body = body, .header = header};
    keep(answer->path, path);
    pthread_mutex_unlock(&server->mutex);
}

/* The request is over, and so nobody writes. */
const char *web_server_authorization(const struct web_server *server)
{
    return server->authorization;
}

const char *web_server_asked(const struct web_server *server)
{
    return server->asked;
}
