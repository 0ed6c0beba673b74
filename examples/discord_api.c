#include "discord_api.h"

#include <curl/curl.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ANSWER_MAX = 64 * 1024,
    PROXY_SIZE = 2048,
    TIMEOUT_SECONDS = 20
};

struct answer {
    char bytes[ANSWER_MAX];
    size_t length;
    /* libcurl's sentence, which names the host, the port or the file */
    char error[CURL_ERROR_SIZE];
};

/* Discord's answer is short. Of a longer one only the start is kept, which is enough for an error message. */
static size_t collect(char *bytes, size_t size, size_t count, void *user)
{
    struct answer *answer = user;
    size_t length = size * count;
    size_t room = sizeof answer->bytes - answer->length;
    size_t take = length < room ? length : room;
    memcpy(answer->bytes + answer->length, bytes, take);
    answer->length += take;
    return length;
}

static int is_for_ever(CURLcode code)
{
    return code == CURLE_OUT_OF_MEMORY || code == CURLE_URL_MALFORMAT || code == CURLE_SSL_CACERT_BADFILE;
}

/* A proxy may answer with the request that it received, token included. The start of an answer may be printed. */
static void take_out(char *bytes, size_t length, const char *secret)
{
    size_t secret_length = strlen(secret);
    for (size_t at = 0; secret_length > 0 && at + secret_length <= length; at++) {
        if (memcmp(bytes + at, secret, secret_length) == 0)
            memset(bytes + at, '*', secret_length);
    }
}

/* Retry-After in seconds; libcurl understands dates too. Returns the length; 0 when there is no such header. */
static size_t retry_after(char *seconds, size_t size, CURL *curl)
{
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    return wait > 0 ? (size_t)snprintf(seconds, size, "%" CURL_FORMAT_CURL_OFF_T, wait) : 0;
}

/* The sentences of libcurl name the host, but for those about time. */
static void name_host(spectacles_gateway_bot *out, CURLcode code, const char *host)
{
    size_t length = strlen(out->text);
    if (code == CURLE_OPERATION_TIMEDOUT)
        snprintf(out->text + length, sizeof out->text - length, " (%s)", host);
}

static enum api_result judge(CURL *curl, CURLcode code, struct answer *answer, const char *token,
                             const char *host, spectacles_gateway_bot *out)
{
    char seconds[32];
    long status = 0;
    if (code != CURLE_OK) {
        const char *why = answer->error[0] ? answer->error : curl_easy_strerror(code);
        spectacles_printable(out->text, sizeof out->text, why, strlen(why));
        name_host(out, code, host);
        return is_for_ever(code) ? API_NEVER : API_LATER;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    size_t seconds_length = retry_after(seconds, sizeof seconds, curl);
    const uint8_t *body = (const uint8_t *)answer->bytes;
    spectacles_gateway_bot_read(out, (uint32_t)status, seconds, seconds_length, body, answer->length);
    if (out->verdict == SPECTACLES_GATEWAY_BOT_FINE)
        return API_ANSWERED;
    /* The text of this verdict shows the start of the body: once more, without the token. */
    take_out(answer->bytes, answer->length, token);
    spectacles_gateway_bot_read(out, (uint32_t)status, seconds, seconds_length, body, answer->length);
    return API_ANSWERED;
}

static const char *place(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* As in the library: when SSL_CERT_FILE or SSL_CERT_DIR is set, the system's authorities are not trusted. */
static void trust(CURL *curl)
{
    const char *file = place("SSL_CERT_FILE");
    const char *directory = place("SSL_CERT_DIR");
    if (!file && !directory)
        return;
    curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    curl_easy_setopt(curl, CURLOPT_CAPATH, directory);
}

/* Whether a host is excepted from the proxy is decided by the caller: libcurl is not to look at the environment. */
static void set_proxy(CURL *curl, const char *proxy)
{
    static const char local[] = "socks5://";
    char url[PROXY_SIZE] = "";
    const char *chosen = proxy ? proxy : "";
    if (strncasecmp(chosen, local, strlen(local)) == 0) {
        snprintf(url, sizeof url, "socks5h://%s", chosen + strlen(local));
        chosen = url;
    }
    curl_easy_setopt(curl, CURLOPT_PROXY, chosen);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
    settings_wipe(url);
}

static void prepare(CURL *curl, const struct settings *settings, const char *proxy,
                    struct curl_slist *headers, struct answer *answer)
{
    char url[512];
    snprintf(url, sizeof url, "%s://%s/api/v%s/gateway/bot", settings->api_scheme, settings->api_host,
             settings->api_version);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "DiscordBot (libspectacles, 0)");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answer->error);
    set_proxy(curl, proxy);
    trust(curl);
}

enum api_result discord_gateway_bot(const struct settings *settings, const char *proxy,
                                    spectacles_gateway_bot *out)
{
    static const char before[] = "Authorization: Bot ";
    enum api_result result = API_NEVER;
    size_t size = sizeof before + strlen(settings->token);
    char *authorization = malloc(size);
    *out = (spectacles_gateway_bot){.size = sizeof *out, .text = "out of memory"};
    if (authorization)
        snprintf(authorization, size, "%s%s", before, settings->token);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = authorization ? curl_slist_append(NULL, authorization) : NULL;
    struct answer *answer = calloc(1, sizeof *answer);
    if (curl && headers && answer) {
        prepare(curl, settings, proxy, headers, answer);
        CURLcode code = curl_easy_perform(curl);
        result = judge(curl, code, answer, settings->token, settings->api_host, out);
    }
    free(answer);
    settings_wipe(authorization);
    free(authorization);
    if (headers)
        settings_wipe(headers->data);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return result;
}
