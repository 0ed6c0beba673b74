/*
 * GET /gateway/bot through libcurl's multi interface: curl says which sockets it waits for, and the loop of the daemon
 * watches them. It owns the request, and what was received of the answer. ask.c calls it.
 */
#include "rest.h"

#include "wipe.h"

#include <curl/curl.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ANSWER_MAX = 64 * 1024,
    TIMEOUT = 20000, /* milliseconds */
    URL_SIZE = 512,
    HOST_SIZE = 256,
    PROXY_SIZE =
        2048,        /* each of user, password and host has at most 255 bytes, which may be percent-encoded */
    SOCKETS_MAX = 16 /* one is in use as a rule, and one more for the lookup of the name */
};

/* A socket that curl waits for. */
struct socket {
    curl_socket_t fd;
    int events;
};

struct rest {
    CURLM *multi;
    CURL *easy; /* NULL: no request is under way */
    struct curl_slist *headers;
    char *authorization;
    const char *token; /* within the authorization */
    struct socket sockets[SOCKETS_MAX];
    size_t socket_count;
    uint64_t deadline; /* of curl */
    enum rest_result result;
    spectacles_gateway_bot answer;
    char host[HOST_SIZE];
    char error[CURL_ERROR_SIZE]; /* libcurl's sentence, which names the host, the port or the file */
    size_t length;
    char bytes[ANSWER_MAX];
};

/* ---- What curl waits for ---- */

static struct socket *find_socket(struct rest *rest, curl_socket_t fd)
{
    for (size_t i = 0; i < rest->socket_count; i++) {
        if (rest->sockets[i].fd == fd)
            return &rest->sockets[i];
    }
    return NULL;
}

static int events_of(int what)
{
    return (what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0);
}

/* curl calls it: a socket is to be watched in this way from now on, or not any more. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *of_socket)
{
    struct rest *rest = user;
    struct socket *known = find_socket(rest, fd);
    (void)easy;
    (void)of_socket;
    if (what == CURL_POLL_REMOVE && known)
        *known = rest->sockets[--rest->socket_count];
    else if (known)
        known->events = events_of(what);
    else if (what != CURL_POLL_REMOVE && rest->socket_count < SOCKETS_MAX)
        rest->sockets[rest->socket_count++] = (struct socket){fd, events_of(what)};
    return 0;
}

/* curl calls it: something is due in so many milliseconds; -1: nothing is. */
static int on_timer(CURLM *multi, long timeout, void *user)
{
    struct rest *rest = user;
    (void)multi;
    rest->deadline = timeout < 0 ? SPECTACLES_NEVER : spectacles_now() + (uint64_t)timeout;
    return 0;
}

/* curl calls it. Discord's answer is short. Of a longer one only the start is kept, which is enough for an error. */
static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct rest *rest = user;
    size_t length = size * count;
    size_t room = sizeof rest->bytes - rest->length;
    size_t taken = length < room ? length : room;
    memcpy(rest->bytes + rest->length, bytes, taken);
    rest->length += taken;
    return length;
}

/* ---- Making and freeing ---- */

struct rest *rest_new(void)
{
    struct rest *rest = calloc(1, sizeof *rest);
    if (!rest)
        return NULL;
    rest->deadline = SPECTACLES_NEVER;
    rest->multi = curl_multi_init();
    if (!rest->multi) {
        free(rest);
        return NULL;
    }
    curl_multi_setopt(rest->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(rest->multi, CURLMOPT_SOCKETDATA, rest);
    curl_multi_setopt(rest->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(rest->multi, CURLMOPT_TIMERDATA, rest);
    return rest;
}

void rest_forget(struct rest *rest)
{
    if (rest->easy)
        curl_multi_remove_handle(rest->multi, rest->easy);
    curl_easy_cleanup(rest->easy);
    rest->easy = NULL;
    if (rest->headers)
        wipe(rest->headers->data, strlen(rest->headers->data));
    curl_slist_free_all(rest->headers);
    rest->headers = NULL;
    wipe_and_free(rest->authorization);
    rest->authorization = NULL;
    rest->token = "";
    rest->deadline = SPECTACLES_NEVER;
    rest->result = REST_WAITING;
}

void rest_free(struct rest *rest)
{
    if (!rest)
        return;
    rest_forget(rest);
    curl_multi_cleanup(rest->multi);
    free(rest);
}

/* ---- Asking ---- */

static bool make_header(struct rest *rest, const char *token)
{
    static const char before[] = "Authorization: Bot ";
    size_t size = sizeof before + strlen(token);
    rest->authorization = malloc(size);
    if (!rest->authorization)
        return false;
    snprintf(rest->authorization, size, "%s%s", before, token);
    rest->token = rest->authorization + sizeof before - 1;
    rest->headers = curl_slist_append(NULL, rest->authorization);
    return rest->headers != NULL;
}

static const char *text_of(const struct settings *settings, enum setting_id id)
{
    return settings_value(settings, id)->text;
}

static const char *word_of(const struct settings *settings, enum setting_id id)
{
    return setting_of(id)->words[settings_value(settings, id)->number];
}

/* As in the library: who is trusted by a setting is trusted alone. */
static void trust(CURL *easy, const char *file)
{
    const char *folder = getenv("SSL_CERT_DIR");
    folder = folder && *folder ? folder : NULL;
    if (!file && !folder)
        return;
    curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

static void go_from(CURL *easy, const struct settings *settings)
{
    static const long families[] = {[FAMILY_ANY] = CURL_IPRESOLVE_WHATEVER,
                                    [FAMILY_IPV4] = CURL_IPRESOLVE_V4,
                                    [FAMILY_IPV6] = CURL_IPRESOLVE_V6};
    char interface[HOST_SIZE];
    const char *source = text_of(settings, SETTING_SOURCE_ADDRESS);
    curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                     families[settings_value(settings, SETTING_ADDRESS_FAMILY)->number]);
    if (!source)
        return;
    snprintf(interface, sizeof interface, "host!%s", source);
    curl_easy_setopt(easy, CURLOPT_INTERFACE, interface);
}

/* With socks5:// too the proxy looks names up, as it does for the sockets: curl calls that socks5h://. */
static void set_proxy(CURL *easy, const char *proxy)
{
    static const char here[] = "socks5://";
    char url[PROXY_SIZE] = "";
    bool is_here = strncasecmp(proxy, here, strlen(here)) == 0;
    if (is_here)
        snprintf(url, sizeof url, "socks5h://%s", proxy + strlen(here));
    curl_easy_setopt(easy, CURLOPT_PROXY, is_here ? url : proxy);
    wipe(url, sizeof url);
}

/* Blanks between the hosts count, as they do for the sockets: curl looks for commas alone since its version 8.9. */
static void set_no_proxy(CURL *easy, const char *no_proxy)
{
    char *list = strdup(no_proxy);
    for (char *at = list; at && *at; at++)
        *at = *at == ' ' || *at == '\t' ? ',' : *at;
    curl_easy_setopt(easy, CURLOPT_NOPROXY, list ? list : no_proxy);
    free(list);
}

static void set_up(struct rest *rest, const struct settings *settings, const struct proxies *proxies)
{
    char url[URL_SIZE];
    CURL *easy = rest->easy;
    snprintf(url, sizeof url, "%s://%s/api/v%llu/gateway/bot", word_of(settings, SETTING_API_SCHEME),
             rest->host, (unsigned long long)settings_value(settings, SETTING_API_VERSION)->number);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, rest->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "DiscordBot (libspectacles, 0)");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)settings_value(settings, SETTING_CONNECT_TIMEOUT)->number);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, rest);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, rest->error);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* it is asked once an hour */
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    set_proxy(easy, proxies->rest ? proxies->rest : "");
    set_no_proxy(easy, proxies->no_proxy ? proxies->no_proxy : "");
#if LIBCURL_VERSION_NUM >= 0x075700
    /* The lookup of a name is not waited for when the request is ended. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    /* Authorities that were replaced count at once, and not a day later. */
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    trust(easy, text_of(settings, SETTING_CA_FILE));
    go_from(easy, settings);
}

bool rest_ask(struct rest *rest, const struct settings *settings, const struct proxies *proxies)
{
    rest_forget(rest);
    rest->length = 0;
    rest->error[0] = '\0';
    snprintf(rest->host, sizeof rest->host, "%s", text_of(settings, SETTING_API_HOST));
    rest->easy = curl_easy_init();
    if (!rest->easy || !make_header(rest, text_of(settings, SETTING_TOKEN))) {
        rest_forget(rest);
        return false;
    }
    set_up(rest, settings, proxies);
    if (curl_multi_add_handle(rest->multi, rest->easy) == CURLM_OK)
        return true;
    curl_easy_cleanup(rest->easy);
    rest->easy = NULL;
    rest_forget(rest);
    return false;
}

/* ---- The answer ---- */

/* A proxy may answer with the request that it received, token included. The start of an answer may be printed. */
static void take_out(char *bytes, size_t length, const char *secret)
{
    size_t secret_length = strlen(secret);
    for (size_t at = 0; secret_length > 0 && at + secret_length <= length; at++) {
        if (memcmp(bytes + at, secret, secret_length) == 0)
            memset(bytes + at, '*', secret_length);
    }
}

/* What a person has to mend, and what no waiting changes. */
static bool is_final(CURLcode code)
{
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_INTERFACE_FAILED;
}

static enum rest_result judge_failure(struct rest *rest, CURLcode code)
{
    const char *why = rest->error[0] ? rest->error : curl_easy_strerror(code);
    spectacles_printable(rest->answer.text, sizeof rest->answer.text, why, strlen(why));
    size_t length = strlen(rest->answer.text);
    /* The sentences of libcurl name the host, but for those about time. */
    if (code == CURLE_OPERATION_TIMEDOUT)
        snprintf(rest->answer.text + length, sizeof rest->answer.text - length, " (%s)", rest->host);
    return is_final(code) ? REST_FINAL : REST_AGAIN;
}

/* libcurl reads dates as well; newer ones make six hours of a longer wait. */
size_t rest_retry_after(void *easy, char *seconds, size_t size)
{
    struct curl_header *header;
    curl_off_t wait = 0;
    int length = 0;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
        header->value[0] >= '0' && header->value[0] <= '9')
        length = snprintf(seconds, size, "%s", header->value);
    else if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        length = snprintf(seconds, size, "%" CURL_FORMAT_CURL_OFF_T, wait);
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

static void read_answer(struct rest *rest, long status)
{
    char seconds[32];
    size_t length = rest_retry_after(rest->easy, seconds, sizeof seconds);
    spectacles_gateway_bot_read(&rest->answer, (uint32_t)status, seconds, length,
                                (const uint8_t *)rest->bytes, rest->length);
}

static enum rest_result judge_answer(struct rest *rest)
{
    long status = 0;
    curl_easy_getinfo(rest->easy, CURLINFO_RESPONSE_CODE, &status);
    read_answer(rest, status);
    if (rest->answer.verdict == SPECTACLES_GATEWAY_BOT_FINE)
        return REST_FINE;
    /* The text of this verdict shows the start of the body: once more, without the token. */
    take_out(rest->bytes, rest->length, rest->token);
    read_answer(rest, status);
    bool is_wrong_place = status == 400 || status == 404;
    return rest->answer.verdict == SPECTACLES_GATEWAY_BOT_TOKEN || is_wrong_place ? REST_FINAL : REST_AGAIN;
}

static void take_result(struct rest *rest)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(rest->multi, &left);
    if (!message || message->msg != CURLMSG_DONE)
        return;
    spectacles_gateway_bot_init(&rest->answer, sizeof rest->answer);
    CURLcode code = message->data.result;
    enum rest_result result = code == CURLE_OK ? judge_answer(rest) : judge_failure(rest, code);
    rest_forget(rest);
    rest->result = result;
}

/* ---- The loop ---- */

void rest_watch(const struct rest *rest, struct loop *loop)
{
    for (size_t i = 0; i < rest->socket_count; i++)
        loop_watch(loop, rest->sockets[i].fd, rest->sockets[i].events);
    loop_until(loop, rest->deadline);
}

static int action_of(int found)
{
    return (found & POLLIN ? CURL_CSELECT_IN : 0) | (found & POLLOUT ? CURL_CSELECT_OUT : 0) |
           (found & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);
}

/* Each call of curl may change the sockets that it waits for: a copy of their list is gone through. */
void rest_process(struct rest *rest, const struct loop *loop, uint64_t now)
{
    int running;
    struct socket sockets[SOCKETS_MAX];
    size_t count = rest->socket_count;
    if (!rest->easy)
        return;
    memcpy(sockets, rest->sockets, sizeof sockets);
    for (size_t i = 0; i < count; i++) {
        int action = action_of(loop_found(loop, sockets[i].fd));
        if (action && find_socket(rest, sockets[i].fd))
            curl_multi_socket_action(rest->multi, sockets[i].fd, action, &running);
    }
    if (now >= rest->deadline) {
        rest->deadline = SPECTACLES_NEVER;
        curl_multi_socket_action(rest->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    take_result(rest);
}

enum rest_result rest_result(struct rest *rest, spectacles_gateway_bot *out)
{
    enum rest_result result = rest->result;
    if (result != REST_WAITING)
        *out = rest->answer;
    rest->result = REST_WAITING;
    return result;
}
