/* A card of a process of the group: one that was taken is within its limits, and is the same when it is sent on. */
#include "card.h"
#include "fuzz.h"

static void must_be_printable(const char *text)
{
    char printable[CARD_HOST_SIZE];
    must(spectacles_printable(printable, sizeof printable, text, strlen(text)) == strlen(text));
    must(strcmp(printable, text) == 0);
}

static void look_at(const struct card *card)
{
    char shown[64];
    must(card->id[0] && card->shard_count <= 65536);
    must_be_printable(card->id);
    must_be_printable(card->bot);
    must_be_printable(card->host);
    for (size_t i = 0; i < card->shard_id_count; i++)
        must(card->shard_ids[i] < 65536 && (i == 0 || card->shard_ids[i - 1] < card->shard_ids[i]));
    card_name(shown, sizeof shown, card);
    must(strlen(shown) < sizeof shown);
    card_write_shards(shown, sizeof shown, card->shard_ids, card->shard_id_count);
    must(strlen(shown) < sizeof shown && (shown[0] != '\0') == (card->shard_id_count > 0));
}

static void must_be_the_same(const struct card *one, const struct card *other)
{
    must(!strcmp(one->id, other->id) && !strcmp(one->bot, other->bot) && !strcmp(one->host, other->host));
    must(one->pid == other->pid && one->state == other->state && one->started == other->started);
    must(one->shard_count == other->shard_count && one->shard_id_count == other->shard_id_count);
    must(!memcmp(one->shard_ids, other->shard_ids, one->shard_id_count * sizeof *one->shard_ids));
}

static void send_on(const struct card *card, enum card_kind kind)
{
    struct card copy;
    enum card_kind copied;
    spectacles_bytes *bytes = NULL;
    must(!spectacles_bytes_new(&bytes) && !card_write(card, kind, bytes));
    must(card_read(&copy, &copied, spectacles_bytes_data(bytes), spectacles_bytes_length(bytes)));
    must(copied == kind);
    must_be_the_same(card, &copy);
    card_free(&copy);
    spectacles_bytes_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct card card;
    enum card_kind kind;
    if (card_read(&card, &kind, bytes, length)) {
        look_at(&card);
        send_on(&card, kind);
    }
    card_free(&card);
    return 0;
}
