/*
 * The handshake of AMQP: the protocol header, connection.start, connection.tune and connection.open. Called by
 * stream.c when TCP and TLS are connected, and by receive.c for the methods of the broker.
 */
#include "broker/handshake.h"

#include "broker/connection.h"
#include "core/wipe.h"

#include <string.h>

/* The protocol header of AMQP 0-9-1 (section 4.2.2). */
static const uint8_t greeting[8] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};

int sp_broker_begin_handshake(spectacles_broker *broker)
{
    broker->awaited = AMQP_CONNECTION_START_METHOD;
    return sp_buffer_append(&broker->control, greeting, sizeof greeting);
}

/* ---- connection.start ---- */

static bool names(amqp_bytes_t list, const char *word)
{
    const char *at = list.bytes;
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= list.len; i++) {
        bool begins = i == 0 || at[i - 1] == ' ';
        bool ends = i + length == list.len || at[i + length] == ' ';
        if (begins && ends && memcmp(at + i, word, length) == 0)
            return true;
    }
    return false;
}

static void read_text(sp_text *out, const amqp_table_t *table, const char *key)
{
    for (int i = 0; i < table->num_entries; i++) {
        const amqp_table_entry_t *entry = &table->entries[i];
        if (entry->key.len == strlen(key) && memcmp(entry->key.bytes, key, entry->key.len) == 0 &&
            entry->value.kind == AMQP_FIELD_KIND_UTF8) {
            sp_text_add_foreign(out, entry->value.value.bytes.bytes, entry->value.value.bytes.len, 24);
            return; /* only the first entry counts: `product` has room for two texts */
        }
    }
}

static void keep_product(spectacles_broker *broker, const amqp_table_t *properties)
{
    sp_text text;
    sp_text_set(&text, "%s", "");
    read_text(&text, properties, "product");
    sp_text_add(&text, " ");
    read_text(&text, properties, "version");
    size_t length = text.length < sizeof broker->product ? text.length : sizeof broker->product - 1;
    memcpy(broker->product, text.chars, length);
    broker->product[length] = '\0';
}

static amqp_table_entry_t text_entry(const char *key, const char *value)
{
    return (amqp_table_entry_t){sp_wire_text(key),
                                {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = sp_wire_text(value)}}};
}

static amqp_table_entry_t true_entry(const char *key)
{
    return (amqp_table_entry_t){sp_wire_text(key),
                                {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}}};
}

/* SASL PLAIN (RFC 4616): NUL user NUL password. */
static amqp_bytes_t plain(char out[2 * SP_URI_TEXT_MAX + 2], const sp_uri *uri)
{
    size_t user = strlen(uri->user);
    size_t password = strlen(uri->password);
    out[0] = '\0';
    memcpy(out + 1, uri->user, user);
    out[1 + user] = '\0';
    memcpy(out + 2 + user, uri->password, password);
    return (amqp_bytes_t){user + password + 2, out};
}

static const char *mechanism_of(const sp_uri *uri)
{
    return uri->external ? "EXTERNAL" : "PLAIN";
}

static int send_start_ok(spectacles_broker *broker)
{
    const sp_uri *uri = &broker->urls.list[broker->url];
    char response[2 * SP_URI_TEXT_MAX + 2];
    amqp_table_entry_t capabilities[] = {
        true_entry("publisher_confirms"), true_entry("basic.nack"), true_entry("consumer_cancel_notify"),
        true_entry("connection.blocked"), true_entry("authentication_failure_close")};
    amqp_table_entry_t properties[] = {
        text_entry("product", "libspectacles"),
        text_entry("version", SP_VERSION),
        text_entry("connection_name", broker->name),
        {sp_wire_text("capabilities"),
         {.kind = AMQP_FIELD_KIND_TABLE, .value = {.table = {5, capabilities}}}}};
    amqp_connection_start_ok_t start_ok = {.client_properties = {4, properties},
                                           .mechanism = sp_wire_text(mechanism_of(uri)),
                                           .response =
                                               uri->external ? amqp_empty_bytes : plain(response, uri),
                                           .locale = sp_wire_text("en_US")};
    broker->control.secret = true;
    int error =
        sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_START_OK_METHOD, &start_ok);
    sp_wipe(response, sizeof response);
    return error;
}

/*
 * Wipes the password from the buffer when start-ok is written. When bytes are still to be written, the buffer stays as
 * it is.
 */
static void forget_password(spectacles_broker *broker)
{
    if (sp_buffer_length(&broker->control) > 0)
        return;
    sp_buffer_free(&broker->control);
    broker->control.secret = false;
}

int sp_broker_on_start(spectacles_broker *broker, const amqp_connection_start_t *start, uint64_t now)
{
    /* RabbitMQ speaks AMQP 0-9-1, and names its version 0-9. */
    if (start->version_major != 0 || start->version_minor != 9) {
        sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, SPECTACLES_E_PROTO);
        if (reason)
            sp_text_set(&reason->text, "the broker speaks another version of AMQP than 0-9-1");
        sp_broker_end_connection(broker, now);
        return SPECTACLES_OK;
    }
    const char *mechanism = mechanism_of(&broker->urls.list[broker->url]);
    if (!names(start->mechanisms, mechanism)) {
        sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, SPECTACLES_E_AUTH);
        if (reason) {
            reason->configuration = true;
            sp_text_set(&reason->text, "the broker does not offer to log in with %s", mechanism);
        }
        sp_broker_end_connection(broker, now);
        return SPECTACLES_OK;
    }
    keep_product(broker, &start->server_properties);
    broker->awaited = AMQP_CONNECTION_TUNE_METHOD;
    return send_start_ok(broker);
}

/* ---- connection.tune ---- */

/* The lower limit of two. 0 means no limit. */
static uint32_t agree(uint32_t ours, uint32_t theirs)
{
    return theirs == 0 || (ours != 0 && ours < theirs) ? ours : theirs;
}

static void refuse_tune(spectacles_broker *broker, const char *why, uint64_t now)
{
    sp_broker_close_reason *reason = sp_broker_set_reason(broker, 0, SPECTACLES_E_UNSUPPORTED);
    if (reason) {
        reason->configuration = true;
        sp_text_set(&reason->text, "%s", why);
    }
    sp_broker_end_connection(broker, now);
}

/* Both sides name a heartbeat, and the shorter one holds. Here 0 means none, whatever the broker names. */
static uint32_t agree_on_heartbeat(const spectacles_broker *broker, uint32_t offered)
{
    uint32_t named = broker->urls.list[broker->url].heartbeat;
    uint32_t wanted = named == SP_URI_NO_HEARTBEAT ? broker->wanted_heartbeat : named;
    return wanted == 0 ? 0 : agree(wanted, offered);
}

int sp_broker_on_tune(spectacles_broker *broker, const amqp_connection_tune_t *tune, uint64_t now)
{
    const sp_uri *uri = &broker->urls.list[broker->url];
    forget_password(broker);
    uint32_t frame_max = agree(uri->frame_max ? uri->frame_max : SP_WIRE_FRAME_MAX, tune->frame_max);
    uint32_t heartbeat = agree_on_heartbeat(broker, tune->heartbeat);
    if (frame_max < SP_WIRE_FRAME_MIN) {
        refuse_tune(broker, "the broker allows frames of less than 8192 bytes: raise its frame_max", now);
        return SPECTACLES_OK;
    }
    if (tune->channel_max != 0 && tune->channel_max < SP_CHANNELS - 1) {
        refuse_tune(broker,
                    "the broker allows less than the 3 channels that are needed: raise its channel_max", now);
        return SPECTACLES_OK;
    }
    amqp_connection_tune_ok_t tune_ok = {
        .channel_max = SP_CHANNELS - 1, .frame_max = frame_max, .heartbeat = (uint16_t)heartbeat};
    amqp_connection_open_t open = {.virtual_host = sp_wire_text(uri->vhost)};
    int error =
        sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_TUNE_OK_METHOD, &tune_ok);
    if (error == SPECTACLES_OK)
        error = sp_wire_method(&broker->control, SP_CHANNEL_CONNECTION, AMQP_CONNECTION_OPEN_METHOD, &open);
    if (error == SPECTACLES_OK)
        error = sp_publishes_rewind(&broker->publishes, frame_max);
    broker->awaited = AMQP_CONNECTION_OPEN_OK_METHOD;
    broker->frame_max = frame_max;
    broker->heartbeat = (uint64_t)heartbeat * 1000;
    broker->beat_at = now + broker->heartbeat / 2;
    return error;
}
