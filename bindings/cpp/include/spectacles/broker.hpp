// spectacles/broker.hpp - one connection to RabbitMQ. What each function, setting and event means: broker.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <spectacles/broker.h>
#include <spectacles/codec.hpp>
#include <spectacles/stream.hpp>

namespace spectacles
{

/// enum spectacles_broker_state
enum class broker_state : std::uint32_t {
    idle = SPECTACLES_BROKER_IDLE,
    connecting = SPECTACLES_BROKER_CONNECTING,
    handshake = SPECTACLES_BROKER_HANDSHAKE,
    setup = SPECTACLES_BROKER_SETUP,
    ready = SPECTACLES_BROKER_READY,
    draining = SPECTACLES_BROKER_DRAINING,
    closing = SPECTACLES_BROKER_CLOSING,
    backoff = SPECTACLES_BROKER_BACKOFF,
    closed = SPECTACLES_BROKER_CLOSED
};

/// enum spectacles_broker_event_type
enum class broker_event_type : std::uint32_t {
    connecting = SPECTACLES_BROKER_EVENT_CONNECTING,
    ready = SPECTACLES_BROKER_EVENT_READY,
    message = SPECTACLES_BROKER_EVENT_MESSAGE,
    confirmed = SPECTACLES_BROKER_EVENT_CONFIRMED,
    returned = SPECTACLES_BROKER_EVENT_RETURNED,
    failed = SPECTACLES_BROKER_EVENT_FAILED,
    room = SPECTACLES_BROKER_EVENT_ROOM,
    subscribed = SPECTACLES_BROKER_EVENT_SUBSCRIBED,
    unsubscribed = SPECTACLES_BROKER_EVENT_UNSUBSCRIBED,
    blocked = SPECTACLES_BROKER_EVENT_BLOCKED,
    unblocked = SPECTACLES_BROKER_EVENT_UNBLOCKED,
    refused = SPECTACLES_BROKER_EVENT_REFUSED,
    disconnected = SPECTACLES_BROKER_EVENT_DISCONNECTED,
    closed = SPECTACLES_BROKER_EVENT_CLOSED,
    reply = SPECTACLES_BROKER_EVENT_REPLY,
    call_failed = SPECTACLES_BROKER_EVENT_CALL_FAILED
};

/// enum spectacles_call_failure
enum class call_failure : std::uint32_t {
    none = 0,
    timeout = SPECTACLES_CALL_TIMEOUT,
    unroutable = SPECTACLES_CALL_UNROUTABLE,
    refused = SPECTACLES_CALL_REFUSED,
    lost = SPECTACLES_CALL_LOST,
    closed = SPECTACLES_CALL_CLOSED,
    bad_reply = SPECTACLES_CALL_BAD_REPLY
};

/// enum spectacles_header_type
enum class header_type : std::uint32_t {
    nothing = SPECTACLES_HEADER_NOTHING,
    boolean = SPECTACLES_HEADER_BOOLEAN,
    integer = SPECTACLES_HEADER_INTEGER,
    text = SPECTACLES_HEADER_TEXT,
    binary = SPECTACLES_HEADER_BINARY,
    timestamp = SPECTACLES_HEADER_TIMESTAMP,
    real = SPECTACLES_HEADER_REAL,
    table = SPECTACLES_HEADER_TABLE,
    array = SPECTACLES_HEADER_ARRAY,
    other = SPECTACLES_HEADER_OTHER
};

// The names without their prefix, for logs: "HANDSHAKE".
[[nodiscard]] inline std::string_view name(broker_state value) noexcept
{
    return spectacles_broker_state_name(static_cast<std::uint32_t>(value));
}
[[nodiscard]] inline std::string_view name(broker_event_type value) noexcept
{
    return spectacles_broker_event_type_name(static_cast<std::uint32_t>(value));
}
[[nodiscard]] inline std::string_view name(call_failure value) noexcept
{
    return spectacles_call_failure_name(static_cast<std::uint32_t>(value));
}

/// One header of a message that arrived. A view, as the event is.
class header
{
public:
    explicit header(const spectacles_header &raw) noexcept : raw_(raw) {}
    [[nodiscard]] header_type type() const noexcept { return static_cast<header_type>(raw_.type); }
    [[nodiscard]] std::string_view key() const noexcept { return {raw_.key, raw_.key_length}; }
    [[nodiscard]] std::int64_t integer() const noexcept { return raw_.integer; }
    [[nodiscard]] double real() const noexcept { return raw_.real; }
    [[nodiscard]] bytes_view bytes() const noexcept { return {raw_.bytes, raw_.bytes_length}; }
    [[nodiscard]] std::string_view text() const noexcept { return bytes().text(); }
    /// The entries of a table or an array.
    [[nodiscard]] std::vector<header> entries() const
    {
        std::vector<header> made;
        spectacles_header entry;
        for (std::size_t position = 0; spectacles_header_next(&raw_, &position, &entry) == 1;)
            made.emplace_back(entry);
        return made;
    }
    /// The entry of a table with this key.
    [[nodiscard]] std::optional<header> find(std::string_view key) const noexcept
    {
        spectacles_header entry;
        return spectacles_header_find(&raw_, key.data(), key.size(), &entry) == 1
                   ? std::optional<header>(entry)
                   : std::nullopt;
    }

private:
    spectacles_header raw_;
};

/// The headers of a message, or the arguments of a queue, to be sent.
class header_list
{
public:
    header_list &boolean(std::string_view key, bool value)
    {
        return add(key, header_type::boolean, value ? 1 : 0);
    }
    header_list &integer(std::string_view key, std::int64_t value)
    {
        return add(key, header_type::integer, value);
    }
    /// Seconds since 1970.
    header_list &timestamp(std::string_view key, std::int64_t value)
    {
        return add(key, header_type::timestamp, value);
    }
    header_list &real(std::string_view key, double value) { return add(key, header_type::real, 0, value); }
    header_list &text(std::string_view key, std::string_view value)
    {
        return add(key, header_type::text, 0, 0, value);
    }
    header_list &binary(std::string_view key, bytes_view value)
    {
        return add(key, header_type::binary, 0, 0, value.text());
    }
    /// As C wants them. They point into this object.
    [[nodiscard]] std::vector<spectacles_header> raw() const
    {
        std::vector<spectacles_header> made;
        made.reserve(entries_.size());
        for (const entry &each : entries_)
            made.push_back({static_cast<std::uint32_t>(each.type), 0, each.key.data(), each.key.size(),
                            each.integer, each.real, reinterpret_cast<const std::uint8_t *>(each.text.data()),
                            each.text.size()});
        return made;
    }

private:
    struct entry {
        header_type type;
        std::string key;
        std::int64_t integer;
        double real;
        std::string text;
    };

    header_list &add(std::string_view key, header_type type, std::int64_t integer, double real = 0,
                     std::string_view text = {})
    {
        entries_.push_back({type, std::string(key), integer, real, std::string(text)});
        return *this;
    }

    std::vector<entry> entries_;
};

/// How a broker is made. The seed is drawn from the operating system.
class broker_config : public detail::settings<spectacles_broker_config, spectacles_broker_config_init>
{
public:
    explicit broker_config(const std::vector<std::string> &urls)
    {
        const auto &kept = keep_texts(urls);
        raw().urls = kept.data();
        raw().url_count = kept.size();
        raw().seed = spectacles_random_seed();
    }
    explicit broker_config(const std::string &url) : broker_config(std::vector<std::string>{url}) {}
    broker_config &group(std::string_view name)
    {
        raw().group = keep_text(name);
        return *this;
    }
    broker_config &name(std::string_view text)
    {
        raw().name = keep_text(text);
        return *this;
    }
    broker_config &prefetch(std::uint32_t count)
    {
        raw().prefetch = count;
        return *this;
    }
    broker_config &window(std::uint32_t count, std::uint64_t bytes)
    {
        raw().window_count = count;
        raw().window_bytes = bytes;
        return *this;
    }
    broker_config &declare(spectacles_declare how)
    {
        raw().declare = static_cast<std::uint32_t>(how);
        return *this;
    }
    broker_config &queue_type(spectacles_queue_type type)
    {
        raw().queue_type = static_cast<std::uint32_t>(type);
        return *this;
    }
    broker_config &encoding(format wanted)
    {
        raw().format = static_cast<std::uint32_t>(wanted);
        return *this;
    }
};

/// What to consume.
class subscription : public detail::settings<spectacles_subscription, spectacles_subscription_init>
{
public:
    explicit subscription(std::string_view event)
    {
        raw().event = keep_text(event);
        raw().event_length = event.size();
    }
    subscription &subgroup(std::string_view name)
    {
        raw().subgroup = keep_text(name);
        raw().subgroup_length = name.size();
        return *this;
    }
    subscription &prefetch(std::uint32_t count)
    {
        raw().prefetch = count;
        return *this;
    }
    subscription &declare_only()
    {
        raw().declare_only = 1;
        return *this;
    }
    subscription &arguments(header_list list)
    {
        const auto &kept = keep(keep(std::move(list)).raw());
        raw().arguments = kept.data();
        raw().argument_count = kept.size();
        return *this;
    }
};

/// What to publish. The key and the body are not copied: they have to live until the message is published.
class message : public detail::settings<spectacles_message, spectacles_message_init>
{
public:
    explicit message(std::string_view key, bytes_view body = {})
    {
        raw().key = key.data();
        raw().key_length = key.size();
        raw().body = body.data();
        raw().body_length = body.size();
    }
    message &exchange(std::string_view name)
    {
        raw().exchange = keep_text(name);
        return *this;
    }
    message &encoding(format of_body)
    {
        raw().format = static_cast<std::uint32_t>(of_body);
        return *this;
    }
    /// Lost when RabbitMQ restarts.
    message &transient()
    {
        raw().flags |= SPECTACLES_MESSAGE_TRANSIENT;
        return *this;
    }
    /// Comes back as RETURNED when no queue takes it.
    message &mandatory()
    {
        raw().flags |= SPECTACLES_MESSAGE_MANDATORY;
        return *this;
    }
    message &content_type(std::string_view text)
    {
        raw().content_type = keep_text(text);
        return *this;
    }
    message &message_id(std::string_view text)
    {
        raw().message_id = keep_text(text);
        return *this;
    }
    message &correlation_id(std::string_view text)
    {
        raw().correlation_id = keep_text(text);
        return *this;
    }
    message &reply_to(std::string_view queue)
    {
        raw().reply_to = keep_text(queue);
        return *this;
    }
    message &expiration(milliseconds time)
    {
        raw().expiration = keep_text(std::to_string(time.count()));
        return *this;
    }
    message &priority(std::uint32_t number)
    {
        raw().priority = number;
        return *this;
    }
    message &headers(header_list list)
    {
        const auto &kept = keep(keep(std::move(list)).raw());
        raw().headers = kept.data();
        raw().header_count = kept.size();
        return *this;
    }
};

/// What a broker tells. Which fields an event has stands at its type in broker.h; others are 0 or empty.
class broker_event : public detail::event_base<spectacles_broker_event>
{
public:
    using event_base::event_base;
    [[nodiscard]] broker_event_type type() const noexcept
    {
        return static_cast<broker_event_type>(event_->type);
    }
    [[nodiscard]] std::uint32_t code() const noexcept { return event_->code; }
    [[nodiscard]] std::error_code error() const noexcept { return static_cast<errc>(event_->error); }
    [[nodiscard]] std::uint32_t subscription() const noexcept { return event_->subscription; }
    [[nodiscard]] std::uint64_t tag() const noexcept { return event_->tag; }
    [[nodiscard]] std::uint64_t delivery() const noexcept { return event_->delivery; }
    [[nodiscard]] time_point until() const noexcept { return detail::to_time(event_->until); }
    [[nodiscard]] bool redelivered() const noexcept { return event_->redelivered != 0; }
    [[nodiscard]] call_failure reason() const noexcept { return static_cast<call_failure>(event_->reason); }
    [[nodiscard]] std::string_view key() const noexcept { return {event_->key, event_->key_length}; }
    [[nodiscard]] bytes_view body() const noexcept { return {event_->body, event_->body_length}; }
    [[nodiscard]] enum format format() const noexcept { return static_cast<enum format>(event_->format); }
    [[nodiscard]] std::string_view content_type() const noexcept
    {
        return detail::text_of(event_->content_type);
    }
    [[nodiscard]] std::string_view message_id() const noexcept { return detail::text_of(event_->message_id); }
    [[nodiscard]] std::string_view correlation_id() const noexcept
    {
        return detail::text_of(event_->correlation_id);
    }
    /// Empty: no reply is asked for.
    [[nodiscard]] std::string_view reply_to() const noexcept { return detail::text_of(event_->reply_to); }
    [[nodiscard]] std::string_view expiration() const noexcept { return detail::text_of(event_->expiration); }
    [[nodiscard]] std::uint32_t priority() const noexcept { return event_->priority; }
    [[nodiscard]] std::string_view text() const noexcept { return {event_->text, event_->text_length}; }
    [[nodiscard]] std::string_view queue() const noexcept { return {event_->queue, event_->queue_length}; }
    [[nodiscard]] std::vector<class header> headers() const
    {
        std::vector<class header> made;
        for (std::size_t index = 0; index < event_->header_count; ++index)
            made.emplace_back(event_->headers[index]);
        return made;
    }
    [[nodiscard]] std::optional<class header> header(std::string_view key) const noexcept
    {
        const spectacles_header *found =
            spectacles_headers_find(event_->headers, event_->header_count, key.data(), key.size());
        return found ? std::optional<class header>(*found) : std::nullopt;
    }
    [[nodiscard]] std::uint64_t unconfirmed_count() const noexcept { return event_->unconfirmed_count; }
    [[nodiscard]] std::uint32_t message_count() const noexcept { return event_->message_count; }
    [[nodiscard]] std::uint32_t consumer_count() const noexcept { return event_->consumer_count; }
};

/// One connection to RabbitMQ, and what was published and subscribed to. It does no I/O: a link, or a transport of your
/// own, moves its bytes.
class broker
    : public detail::speaking_handle<spectacles_broker, spectacles_broker_free, spectacles_broker_last_error>
{
public:
    using event_type = broker_event;
    using events_type = detail::event_range<broker_event, spectacles_broker, spectacles_broker_next_event>;

    explicit broker(const broker_config &config)
        : speaking_handle(
              detail::make<spectacles_broker>([&](spectacles_broker **out, spectacles_problem *problem) {
                  return spectacles_broker_new(out, &config.raw(), problem);
              }))
    {
    }

    /// The next event, or an empty one: there is none until more happens.
    [[nodiscard]] broker_event next_event(time_point now = clock::now()) noexcept
    {
        return broker_event(spectacles_broker_next_event(get(), detail::to_raw(now)));
    }
    /// All events that there are now: `for (auto event : broker.events())`.
    [[nodiscard]] events_type events(time_point now = never) noexcept { return {get(), now}; }

    /// Asks for a queue. Returns the number of the subscription.
    std::uint32_t subscribe(const subscription &wanted)
    {
        return static_cast<std::uint32_t>(check(spectacles_broker_subscribe(get(), &wanted.raw())));
    }
    void unsubscribe(std::uint32_t number) { check(spectacles_broker_unsubscribe(get(), number)); }

    /// Returns the tag that one later event names. Throws errc::again while the window is full: has_room() asks before.
    std::uint64_t publish(const message &wanted)
    {
        std::uint64_t tag = 0;
        check(spectacles_broker_publish(get(), &wanted.raw(), &tag));
        return tag;
    }
    [[nodiscard]] bool has_room() const noexcept { return spectacles_broker_room(get()) == 1; }
    /// Asks a question. REPLY or CALL_FAILED names the number that is returned.
    std::uint64_t call(const message &question, milliseconds timeout, time_point now = clock::now())
    {
        std::uint64_t call = 0;
        check(spectacles_broker_call(get(), &question.raw(), static_cast<std::uint32_t>(timeout.count()),
                                     detail::to_raw(now), &call));
        return call;
    }
    /// Answers a question: a message with a reply_to.
    std::uint64_t reply(broker_event question, const message &answer)
    {
        std::uint64_t tag = 0;
        check(spectacles_broker_reply(get(), question.raw().reply_to, question.raw().correlation_id,
                                      &answer.raw(), &tag));
        return tag;
    }

    /// False: there was nothing to acknowledge any more.
    bool ack(std::uint64_t delivery) { return check(spectacles_broker_ack(get(), delivery)) == 1; }
    /// This delivery and all before it. Returns how many.
    std::size_t ack_all(std::uint64_t delivery)
    {
        return static_cast<std::size_t>(check(spectacles_broker_ack_all(get(), delivery)));
    }
    bool reject(std::uint64_t delivery, bool requeue)
    {
        return check(spectacles_broker_reject(get(), delivery, requeue ? 1 : 0)) == 1;
    }
    /// Whether a delivery is still ours.
    [[nodiscard]] bool holds(std::uint64_t delivery) const noexcept
    {
        return spectacles_broker_holds(get(), delivery) == 1;
    }

    /// Takes no more publishes, waits for confirms and ends the connection. CLOSED is the last event.
    void close(time_point now = clock::now()) noexcept
    {
        spectacles_broker_close(get(), detail::to_raw(now));
    }
    void set_urls(const std::vector<std::string> &urls, time_point now = clock::now())
    {
        const broker_config pointers(urls);
        check(spectacles_broker_set_urls(get(), pointers.raw().urls, pointers.raw().url_count,
                                         detail::to_raw(now)));
    }
    void network_changed(time_point now = clock::now()) noexcept
    {
        spectacles_broker_network_changed(get(), detail::to_raw(now));
    }

    [[nodiscard]] class stream stream() const noexcept
    {
        return spectacles::stream(spectacles_broker_stream(get()));
    }
    [[nodiscard]] broker_state state() const noexcept
    {
        return static_cast<broker_state>(spectacles_broker_state(get()));
    }
    /// Whether the state is final: CLOSED.
    [[nodiscard]] bool is_final() const noexcept { return state() == broker_state::closed; }
    [[nodiscard]] spectacles_broker_stats stats() const noexcept
    {
        auto out = detail::empty(spectacles_broker_stats_init);
        spectacles_broker_get_stats(get(), &out);
        return out;
    }
};

} // namespace spectacles
