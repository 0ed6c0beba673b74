#include "discord_api.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <spectacles/spectacles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 64 * 1024,
    TIMEOUT_SECONDS = 20
};

struct answer {
    char bytes[ANSWER_MAX];
    size_t length;
    /* names the host, the port, the file: more than curl_easy_strerror() knows */
    char error[CURL_ERROR_SIZE];
};

static size_t collect(char *bytes, size_t size, size_t count, void *user)
{
    struct answer *answer = user;
    size_t length = size * count;
    if (length > sizeof answer->bytes - answer->length)
        return 0;
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
    return length;
}

static uint64_t whole(const cJSON *object, const char *name, uint64_t otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e15
               ? (uint64_t)item->valuedouble
               : otherwise;
}

/* cJSON takes what is not JSON: the strict check comes first. */
static int read_answer(const struct answer *answer, struct gateway_bot *out)
{
    if (spectacles_json_check((const uint8_t *)answer->bytes, answer->length, NULL) < 0)
        return 0;
    cJSON *root = cJSON_ParseWithLength(answer->bytes, answer->length);
    const cJSON *url = cJSON_GetObjectItemCaseSensitive(root, "url");
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(root, "session_start_limit");
    int fine = cJSON_IsString(url) && strlen(url->valuestring) < sizeof out->url;
    if (fine) {
        snprintf(out->url, sizeof out->url, "%s", url->valuestring);
        out->shards = (uint32_t)whole(root, "shards", 1);
        out->max_concurrency = (uint32_t)whole(limit, "max_concurrency", 1);
        out->total = (uint32_t)whole(limit, "total", 1000);
        out->remaining = (uint32_t)whole(limit, "remaining", 1);
        out->reset_after = whole(limit, "reset_after", 0);
    }
    cJSON_Delete(root);
    return fine;
}

static int is_for_ever(CURLcode code)
{
    return code == CURLE_OUT_OF_MEMORY || code == CURLE_URL_MALFORMAT || code == CURLE_SSL_CACERT_BADFILE;
}

static enum api_result judge(CURLcode code, long status, const struct answer *answer, struct gateway_bot *out,
                             char *why, size_t size)
{
    if (code != CURLE_OK) {
        snprintf(why, size, "%s", answer->error[0] ? answer->error : curl_easy_strerror(code));
        return is_for_ever(code) ? API_NEVER : API_LATER;
    }
    if (status == 401 || status == 403) {
        snprintf(why, size, "the token is not valid (status %ld): check DISCORD_TOKEN", status);
        return API_NEVER;
    }
    if (status != 200) {
        snprintf(why, size, "status %ld%s", status, status == 429 ? " (asked too often)" : "");
        return API_LATER;
    }
    if (read_answer(answer, out))
        return API_DONE;
    snprintf(why, size, "the answer is not the JSON that Discord documents");
    return API_LATER;
}

static const char *place(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* As the library has it: who names a place means that place, and no other one besides. */
static void trust(CURL *curl)
{
    const char *file = place("SSL_CERT_FILE");
    const char *directory = place("SSL_CERT_DIR");
    if (!file && !directory)
        return;
    curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    curl_easy_setopt(curl, CURLOPT_CAPATH, directory);
}

static void prepare(CURL *curl, const struct settings *settings, struct curl_slist *headers,
                    struct answer *answer)
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
    trust(curl);
}

enum api_result discord_gateway_bot(const struct settings *settings, struct gateway_bot *out, char *why,
                                    size_t size)
{
    char authorization[512];
    long status = 0;
    enum api_result result = API_NEVER;
    snprintf(authorization, sizeof authorization, "Authorization: Bot %s", settings->token);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    struct answer *answer = calloc(1, sizeof *answer);
    snprintf(why, size, "out of memory");
    if (curl && headers && answer) {
        prepare(curl, settings, headers, answer);
        CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        result = judge(code, status, answer, out, why, size);
    }
    free(answer);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return result;
}
