/*
 * HTTP as the doctor needs it: one request after the other, with what libcurl knows of the server's clock and of its
 * certificates. doctor_discord.c and doctor_management.c call it.
 */
#include "doctor_web.h"

#include "rest.h"
#include "wipe.h"

#include <curl/curl.h>
#include <spectacles/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- What arrives ---- */

static size_t collect(char *bytes, size_t size, size_t count, void *user)
{
    struct web_answer *answer = user;
    size_t length = size * count;
    if (length > WEB_BODY_MAX - answer->length)
        return 0; /* libcurl gives up */
    char *body = realloc(answer->body, answer->length + length + 1);
    if (!body)
        return 0;
    answer->body = body;
    memcpy(body + answer->length, bytes, length);
    answer->length += length;
    body[answer->length] = '\0';
    return length;
}

/* Lines are not NUL-terminated. */
static size_t look_at_header(char *bytes, size_t size, size_t count, void *user)
{
    static const char name[] = "date:";
    struct web_answer *answer = user;
    char value[64];
    size_t length = size * count;
    if (length > strlen(name) && length - strlen(name) < sizeof value &&
        strncasecmp(bytes, name, strlen(name)) == 0) {
        memcpy(value, bytes + strlen(name), length - strlen(name));
        value[length - strlen(name)] = '\0';
        time_t date = curl_getdate(value, NULL);
        answer->server_time = date > 0 ? (int64_t)date : 0;
    }
    return length;
}

/* Each certificate of the chain is a list of "NAME:VALUE". */
static void look_at_certificates(CURL *curl, struct web_answer *answer)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *info = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
        return;
    for (int i = 0; i < info->num_of_certs; i++) {
        for (const struct curl_slist *each = info->certinfo[i]; each; each = each->next) {
            if (strncmp(each->data, name, strlen(name)) != 0)
                continue;
            int64_t end = (int64_t)curl_getdate(each->data + strlen(name), NULL);
            if (end > 0 && (answer->certificate_end == 0 || end < answer->certificate_end))
                answer->certificate_end = end;
        }
    }
}

/* ---- Asking ---- */

static const char *place(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* As the library: when SSL_CERT_FILE or SSL_CERT_DIR is set, the authorities of the system are not trusted. */
static void trust(CURL *curl, const char *ca_file)
{
    const char *file = ca_file ? ca_file : place("SSL_CERT_FILE");
    const char *folder = place("SSL_CERT_DIR");
    if (!file && !folder)
        return;
    curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    curl_easy_setopt(curl, CURLOPT_CAPATH, folder);
}

static void prepare(CURL *curl, const struct web_request *request, struct curl_slist *headers, char *error,
                    struct web_answer *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "DiscordBot (libspectacles, 0)");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, look_at_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (request->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    }
    curl_easy_setopt(curl, CURLOPT_PROXY, request->proxy);
    trust(curl, request->ca_file);
}

static void judge(CURL *curl, CURLcode code, const char *error, struct web_answer *answer)
{
    long status = 0;
    look_at_certificates(curl, answer);
    if (code != CURLE_OK) {
        const char *why = error[0] ? error : curl_easy_strerror(code);
        spectacles_printable(answer->error, sizeof answer->error, why, strlen(why));
        answer->is_certificate = code == CURLE_PEER_FAILED_VERIFICATION;
        return;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (uint32_t)status;
    if (rest_retry_after(curl, answer->retry_after, sizeof answer->retry_after) == 0)
        answer->retry_after[0] = '\0';
}

void web_get(struct web_answer *answer, const struct web_request *request)
{
    char error[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    struct curl_slist *headers =
        request->authorization ? curl_slist_append(NULL, request->authorization) : NULL;
    *answer = (struct web_answer){.error = "memory ran out"};
    answer->body = calloc(1, 1);
    if (curl && answer->body && (headers || !request->authorization)) {
        answer->error[0] = '\0';
        prepare(curl, request, headers, error, answer);
        judge(curl, curl_easy_perform(curl), error, answer);
    }
    if (headers)
        wipe(headers->data, strlen(headers->data));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

void web_answer_free(struct web_answer *answer)
{
    free(answer->body);
    *answer = (struct web_answer){0};
}

/* ---- URLs ---- */

/* A part of the URL, or "" when it has none. NULL: it cannot be decoded, or memory ran out. */
static char *part(CURLU *parsed, CURLUPart which)
{
    char *found = NULL;
    CURLUcode code = curl_url_get(parsed, which, &found, CURLU_URLDECODE);
    char *copy = NULL;
    if (code == CURLUE_OK)
        copy = strdup(found);
    else if (code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD || code == CURLUE_NO_PORT)
        copy = calloc(1, 1);
    if (found)
        wipe(found, strlen(found));
    curl_free(found);
    return copy;
}

static unsigned port_of(CURLU *parsed)
{
    char *port = part(parsed, CURLUPART_PORT);
    unsigned number = port ? (unsigned)strtoul(port, NULL, 10) : 0;
    free(port);
    return number;
}

/* curl leaves the brackets of an IPv6 address where they are. */
static void take_brackets_off(char *host)
{
    size_t length = host ? strlen(host) : 0;
    if (length < 2 || host[0] != '[' || host[length - 1] != ']')
        return;
    memmove(host, host + 1, length - 2);
    host[length - 2] = '\0';
}

bool web_url_read(struct web_url *out, const char *url)
{
    CURLU *parsed = curl_url();
    *out = (struct web_url){0};
    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        out->host = part(parsed, CURLUPART_HOST);
        out->user = part(parsed, CURLUPART_USER);
        out->password = part(parsed, CURLUPART_PASSWORD);
        out->path = part(parsed, CURLUPART_PATH);
        out->port = port_of(parsed);
        take_brackets_off(out->host);
    }
    curl_url_cleanup(parsed);
    return out->host && out->user && out->password && out->path;
}

void web_url_free(struct web_url *url)
{
    free(url->host);
    wipe_and_free(url->user);
    wipe_and_free(url->password);
    free(url->path);
    *url = (struct web_url){0};
}

char *web_encode(const char *text)
{
    return curl_easy_escape(NULL, text, (int)strlen(text));
}

void web_text_free(char *text)
{
    curl_free(text);
}
