/*
 * Runs the codecs on what comes in on standard input, for tests in other languages:
 *   request:  one byte what to do, four bytes length (least byte first), the bytes
 *   answer:   four bytes error, four bytes position, four bytes length, the bytes (or the reason, in words)
 * Every input is copied to memory of just its size, so that a sanitizer sees a byte read too many.
 */
#include <spectacles/codec.h>
#include <spectacles/document.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    spectacles_bytes *out;
    spectacles_bytes *scratch;
    spectacles_document *document;
    spectacles_problem problem;
} job;

static int by_document(job *work, uint32_t from, uint32_t to, const uint8_t *bytes, size_t length)
{
    int error = spectacles_document_parse(work->document, from, 0, bytes, length, &work->problem);
    if (error)
        return error;
    return spectacles_value_write(spectacles_document_root(work->document), to, work->out, &work->problem);
}

static int envelope(job *work, uint32_t encoding, const uint8_t *bytes, size_t length)
{
    spectacles_envelope found;
    int error = spectacles_envelope_scan(&found, encoding, bytes, length, &work->problem);
    if (error)
        return error;
    if (!(found.members & SPECTACLES_ENVELOPE_DATA))
        return spectacles_transcode(work->out, SPECTACLES_FORMAT_JSON, SPECTACLES_FORMAT_JSON,
                                    SPECTACLES_COMPACT, (const uint8_t *)"null", 4, NULL);
    return spectacles_transcode(work->out, SPECTACLES_FORMAT_JSON, encoding, 0, found.data, found.data_length,
                                &work->problem);
}

/* To which format, from which, and the body; that in memory of its own, as all inputs are. */
static int convert(job *work, const uint8_t *bytes, size_t length)
{
    uint8_t *body = length >= 2 ? malloc(length - 2 ? length - 2 : 1) : NULL;
    if (!body)
        return SPECTACLES_E_INVAL;
    memcpy(body, bytes + 2, length - 2);
    int error = spectacles_transcode(work->out, bytes[0], bytes[1], 0, body, length - 2, &work->problem);
    free(body);
    return error;
}

static int run(job *work, int what, const uint8_t *bytes, size_t length)
{
    enum {
        JSON = SPECTACLES_FORMAT_JSON,
        ETF = SPECTACLES_FORMAT_ETF
    };
    switch (what) {
    case 'j': /* to JSON */
        return spectacles_transcode(work->out, JSON, ETF, 0, bytes, length, &work->problem);
    case 'e': /* to ETF */
        return spectacles_transcode(work->out, ETF, JSON, 0, bytes, length, &work->problem);
    case 'J':
        return spectacles_transcode(work->out, JSON, JSON, SPECTACLES_COMPACT, bytes, length, &work->problem);
    case 'E':
        return spectacles_transcode(work->out, ETF, ETF, 0, bytes, length, &work->problem);
    case 'd': /* through a document */
        return by_document(work, ETF, JSON, bytes, length);
    case 'D':
        return by_document(work, JSON, JSON, bytes, length);
    case 't':
        return by_document(work, JSON, ETF, bytes, length);
    case 's': /* scan the envelope, d as JSON */
        return envelope(work, ETF, bytes, length);
    case 'S':
        return envelope(work, JSON, bytes, length);
    case 'i': /* inflate, then to JSON */
        if (spectacles_etf_inflate(work->scratch, bytes, length, 1 << 20, &work->problem))
            return SPECTACLES_E_PROTO;
        return spectacles_transcode(work->out, JSON, ETF, 0, spectacles_bytes_data(work->scratch),
                                    spectacles_bytes_length(work->scratch), &work->problem);
    case 'c':
        return convert(work, bytes, length);
    default:
        return SPECTACLES_E_INVAL;
    }
}

static void put32(size_t value)
{
    for (int i = 0; i < 4; i++)
        putchar((int)(value >> (8 * i) & 255));
}

static void answer(const job *work, int error)
{
    const uint8_t *bytes = spectacles_bytes_data(work->out);
    size_t length = spectacles_bytes_length(work->out);
    if (error) {
        bytes = (const uint8_t *)work->problem.text;
        length = strlen((const char *)bytes);
    }
    put32((size_t)(uint32_t)error);
    put32(work->problem.position);
    put32(length);
    fwrite(bytes, 1, length, stdout);
    fflush(stdout);
}

static int serve(job *work)
{
    uint8_t head[5];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t length = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
        uint8_t *bytes = malloc(length ? length : 1);
        if (!bytes || fread(bytes, 1, length, stdin) != length) {
            free(bytes);
            return 1;
        }
        work->problem = (spectacles_problem){0};
        int error = run(work, head[0], bytes, length);
        answer(work, error);
        free(bytes);
    }
    return 0;
}

int main(void)
{
    job work = {0};
    int status = 1;
    if (!spectacles_bytes_new(&work.out) && !spectacles_bytes_new(&work.scratch) &&
        !spectacles_document_new(&work.document))
        status = serve(&work);
    spectacles_document_free(work.document);
    spectacles_bytes_free(work.scratch);
    spectacles_bytes_free(work.out);
    return status;
}
