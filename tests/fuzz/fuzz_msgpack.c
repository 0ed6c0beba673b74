/*
 * MessagePack: what is read and written anew means the same, JSON, ETF and MessagePack agree, and our reader
 * agrees with msgpack-c's own.
 */
#include "fuzz.h"

#include <msgpack.h>
#include <spectacles/codec.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    RAW = SPECTACLES_FORMAT_RAW,
    JSON = SPECTACLES_FORMAT_JSON,
    ETF = SPECTACLES_FORMAT_ETF,
    MSGPACK = SPECTACLES_FORMAT_MSGPACK,
    MSGPACK_JSON = SPECTACLES_FORMAT_MSGPACK_JSON
};

static int again(spectacles_bytes *out, uint32_t to, uint32_t from, const spectacles_bytes *in)
{
    return spectacles_transcode(out, to, from, 0, spectacles_bytes_data(in), spectacles_bytes_length(in),
                                NULL);
}

/* ---- msgpack-c's own reader ---- */

/* Packs what was read as we write it. It recurses: msgpack-c reads nothing deeper than 32. */
static void pack_key(msgpack_packer *packer, const msgpack_object *key)
{
    char digits[24];
    int length = 0;
    if (key->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)key->via.u64);
    else if (key->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        length = snprintf(digits, sizeof digits, "%lld", (long long)key->via.i64);
    else if (key->type == MSGPACK_OBJECT_BIN)
        msgpack_pack_str_with_body(packer, key->via.bin.ptr, key->via.bin.size);
    else
        msgpack_pack_object(packer, *key);
    if (length)
        msgpack_pack_str_with_body(packer, digits, (size_t)length);
}

static void pack(msgpack_packer *packer, const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_ARRAY:
        msgpack_pack_array(packer, object->via.array.size);
        for (uint32_t i = 0; i < object->via.array.size; i++)
            pack(packer, &object->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        msgpack_pack_map(packer, object->via.map.size);
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            pack_key(packer, &object->via.map.ptr[i].key);
            pack(packer, &object->via.map.ptr[i].val);
        }
        break;
    case MSGPACK_OBJECT_BIN:
        msgpack_pack_str_with_body(packer, object->via.bin.ptr, object->via.bin.size);
        break;
    case MSGPACK_OBJECT_FLOAT32:
        msgpack_pack_double(packer, object->via.f64);
        break;
    default:
        msgpack_pack_object(packer, *object);
        break;
    }
}

/* It reserves what a head claims, and so is not asked where one can claim gigabytes. */
static bool may_claim_much(const uint8_t *bytes, size_t length)
{
    return memchr(bytes, 0xdd, length) || memchr(bytes, 0xdf, length) || memchr(bytes, 0xdc, length) ||
           memchr(bytes, 0xde, length);
}

static void readers_agree(const uint8_t *bytes, size_t length, const spectacles_bytes *ours, const char *why)
{
    msgpack_unpacked theirs;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t end = 0;
    if (length == 0 || (why && may_claim_much(bytes, length)))
        return;
    msgpack_unpacked_init(&theirs);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_unpack_return found = msgpack_unpack_next(&theirs, (const char *)bytes, length, &end);
    if (why && strstr(why, "cut off"))
        must(found <= MSGPACK_UNPACK_CONTINUE);
    else if (why && strstr(why, "0xc1"))
        must(found == MSGPACK_UNPACK_PARSE_ERROR || found == MSGPACK_UNPACK_NOMEM_ERROR);
    else if (why && strstr(why, "behind"))
        must(found == MSGPACK_UNPACK_NOMEM_ERROR || end < length);
    else if (!why && found != MSGPACK_UNPACK_NOMEM_ERROR) {
        must(found == MSGPACK_UNPACK_SUCCESS && end == length);
        pack(&packer, &theirs.data);
        must(buffer.size == spectacles_bytes_length(ours));
        must(!memcmp(buffer.data, spectacles_bytes_data(ours), buffer.size));
    }
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&theirs);
}

/* ---- Ours ---- */

static void check_msgpack(const uint8_t *bytes, size_t length, spectacles_bytes *work[4])
{
    spectacles_bytes *json = work[0], *packed = work[1], *other = work[2], *last = work[3];
    spectacles_problem problem = {0};
    bool fine = !spectacles_transcode(json, JSON, MSGPACK, 0, bytes, length, &problem);
    must(fine == !spectacles_transcode(packed, MSGPACK, MSGPACK, 0, bytes, length, NULL));
    readers_agree(bytes, length, packed, fine ? NULL : problem.text);
    if (!fine)
        return;
    must(!spectacles_json_check(spectacles_bytes_data(json), spectacles_bytes_length(json), NULL));
    must(!again(other, JSON, MSGPACK, packed));
    must_equal(json, other);
    must(!again(other, MSGPACK, MSGPACK, packed));
    must_equal(packed, other);
    must(!again(other, MSGPACK, JSON, json) && !again(last, JSON, MSGPACK, other));
    must_equal(json, last);
    must(!spectacles_transcode(other, MSGPACK_JSON, MSGPACK, 0, bytes, length, NULL));
    must(!again(last, JSON, MSGPACK_JSON, other));
    must_equal(json, last);
    /* A key that is there twice is the one thing that ETF has no place for. */
    if (!spectacles_transcode(other, ETF, MSGPACK, 0, bytes, length, NULL)) {
        must(!again(last, JSON, ETF, other));
        must_equal(json, last);
    }
}

/* Two ways from here to there give the same. */
static void check_others(const uint8_t *bytes, size_t length, spectacles_bytes *work[4])
{
    uint32_t format = spectacles_format_of(bytes, length);
    spectacles_bytes *json = work[0], *etf = work[1], *packed = work[2], *last = work[3];
    must(format <= MSGPACK_JSON);
    if (spectacles_transcode(json, JSON, RAW, 0, bytes, length, NULL))
        return;
    if (spectacles_transcode(packed, MSGPACK, format, 0, bytes, length, NULL))
        return;
    must(!again(last, JSON, MSGPACK, packed));
    if (spectacles_transcode(etf, ETF, format, 0, bytes, length, NULL))
        return;
    must(!again(json, JSON, ETF, etf));
    must_equal(json, last);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    spectacles_bytes *work[4];
    for (int i = 0; i < 4; i++)
        must(!spectacles_bytes_new(&work[i]));
    check_msgpack(bytes, length, work);
    check_others(bytes, length, work);
    for (int i = 0; i < 4; i++)
        spectacles_bytes_free(work[i]);
    return 0;
}
