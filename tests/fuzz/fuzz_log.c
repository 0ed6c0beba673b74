/*
 * The lines of the daemon's log: whatever is in their texts, a line is one line, printable UTF-8, JSON where it says
 * so, and without the secret.
 */
#include "fuzz.h"
#include "log_line.h"

#include <spectacles/types.h>
#include <stdio.h>

static const char secret[] = "s3cret-token";

/* The number of lines. Every byte but line feeds is one that spectacles_printable() would keep. */
static size_t count_lines(const char *bytes, size_t length)
{
    size_t lines = 0;
    char *printable = malloc(length + 1);
    must(printable);
    for (size_t begin = 0; begin < length; lines++) {
        const char *end = memchr(bytes + begin, '\n', length - begin);
        must(end);
        size_t part = (size_t)(end - bytes) - begin;
        must(spectacles_printable(printable, length + 1, bytes + begin, part) == part);
        must(!memcmp(printable, bytes + begin, part));
        begin += part + 1;
    }
    free(printable);
    return lines;
}

static void must_be_json(const char *bytes, size_t length)
{
    spectacles_envelope envelope;
    size_t size = length + sizeof "{\"op\":0,\"d\":}";
    char *payload = malloc(size);
    must(payload);
    int written = snprintf(payload, size, "{\"op\":0,\"d\":%.*s}", (int)length, bytes);
    must(written > 0 && (size_t)written < size);
    must(!spectacles_envelope_scan(&envelope, FUZZ_JSON, (const uint8_t *)payload, (size_t)written, NULL));
    free(payload);
}

static void check(const struct log_line *line, enum log_line_form form, const struct log_secrets *secrets)
{
    char *bytes;
    size_t length;
    must(log_line_write(line, form, secrets, UINT64_C(1796000000123), &bytes, &length) == SPECTACLES_OK);
    must(bytes[length] == '\0' && strlen(bytes) == length && !strstr(bytes, secret));
    must(count_lines(bytes, length) == (form == LOG_LINE_FIELDS ? 7 : 1));
    if (form == LOG_LINE_JSON)
        must_be_json(bytes, length);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct log_secrets secrets = {0};
    char *text = malloc(length + 1);
    must(text && log_secrets_add(&secrets, secret, strlen(secret)));
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    const struct log_line line = {.level = LOG_LEVEL_WARN,
                                  .event = text,
                                  .text = text,
                                  .subject = text,
                                  .shard_id = (uint32_t)length,
                                  .has_shard = true,
                                  .code = 1};
    for (int form = LOG_LINE_TEXT; form <= LOG_LINE_FIELDS; form++)
        check(&line, (enum log_line_form)form, &secrets);
    log_secrets_clear(&secrets);
    free(text);
    return 0;
}
