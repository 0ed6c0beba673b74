// What needs no network: errors, settings, views, ranges, documents, states, an engine from memory. It ends with status
// 0 when all of it holds.
#include <cstring>
#include <iostream>

#include <spectacles/spectacles.hpp>

#if __cplusplus >= 202002L
#include <ranges>
#include <span>
#endif

namespace
{

void expect(bool holds, const char *what)
{
    if (!holds)
        throw std::logic_error(what);
}

/// The error that a call throws.
template <typename Call>
spectacles::error error_of(Call call)
{
    try {
        call();
    } catch (const spectacles::error &thrown) {
        return thrown;
    }
    throw std::logic_error("nothing was thrown");
}

spectacles::shard_config shard_config()
{
    return {"a.bot.token", "wss://gateway.discord.gg"};
}

void errors_carry_the_sentence()
{
    const auto error =
        error_of([] { spectacles::shard shard(spectacles::shard_config("", "wss://discord.gg")); });
    expect(std::strstr(error.what(), "token") != nullptr, "the sentence of a missing token");
    expect(error.code() == spectacles::errc::inval && error.code() == std::errc::invalid_argument,
           "its code");
    expect(error.code().message() == spectacles_strerror(SPECTACLES_E_INVAL), "the message of the category");
    const auto json = error_of([] { spectacles::json_check("[1,]"); });
    expect(json.code() == std::errc::protocol_error && json.position() == 3, "where reading stopped");
    spectacles::shard shard(shard_config());
    const auto state = error_of([&] { shard.send(3, "{}"); });
    expect(state.code() == spectacles::errc::state && *state.what() != '\0', "the sentence of a handle");
    const auto urls = error_of([] {
        spectacles::broker broker(
            spectacles::broker_config(std::vector<std::string>{"amqp://a", "amqp://b:99999"}));
    });
    expect(urls.index() == 1, "which of the URLs");
}

void settings_can_be_copied()
{
    auto first = std::make_unique<spectacles::shard_config>(shard_config());
    first->presence(R"({"since":null,"activities":[],"status":"idle","afk":false})");
    first->resume(spectacles::session(0, 1, std::string(40, 's'), 7));
    spectacles::gateway_config config(*first);
    first.reset();
    config.relay(
        spectacles::relay_config().allow({"MESSAGE_CREATE", "GUILD_CREATE"}).gaps({spectacles::gap(0)}));
    const spectacles::gateway_config copy = config;
    config = spectacles::gateway_config(shard_config());
    spectacles::gateway gateway(copy);
    expect(gateway.shard_ids() == std::vector<std::uint32_t>{0}, "the shard of a gateway");
    gateway.set_allow({"READY"});
    expect(gateway.stats().shards == 1 && gateway.shard_stats(0) && !gateway.shard_stats(1), "its counters");
}

void handles_move()
{
    spectacles::shard first(shard_config()), second(shard_config());
    spectacles_shard *raw = first.get();
    second = std::move(first);
    expect(!first && second.get() == raw, "a handle that was moved");
    expect(second.state() == spectacles::shard_state::idle && !second.is_final(), "its state");
}

void views_are_made_of_what_there_is()
{
    const std::vector<std::uint8_t> numbers{1, 2, 3};
    const std::vector<std::byte> units(2);
    const spectacles::bytes_view text = "abc", of_numbers = numbers, of_units = units;
    expect(text.text() == "abc" && text == spectacles::bytes_view(std::string("abc")), "texts");
    expect(of_numbers.size() == 3 && of_numbers[2] == 3 && of_units.size() == 2, "bytes");
#if __cplusplus >= 202002L
    const std::span<const std::uint8_t> span = of_numbers;
    expect(span.size() == 3 && spectacles::bytes_view(std::as_bytes(span)) == of_numbers, "a span");
#endif
}

void an_engine_from_memory()
{
    using event_type = spectacles::shard_event_type;
    const spectacles::time_point start{spectacles::milliseconds(1000)};
    spectacles::shard shard(shard_config());
    std::vector<event_type> types;
    for (auto event : shard.events(start))
        types.push_back(event.type());
    expect(types == std::vector{event_type::connecting}, "the first event");
    const auto stream = shard.stream();
    expect(stream.endpoint() && stream.endpoint()->port == 443, "where the shard wants to be connected");
    stream.opened(start);
    for (auto event : shard.events(start))
        expect(event.type() == event_type::state && event.state() == spectacles::shard_state::upgrading,
               "the upgrade");
    expect(stream.pending().text().substr(0, 5) == "GET /", "the request");
    stream.consumed(stream.pending().size());
    stream.feed("HTTP/1.1 500 Nonsense\r\n\r\n", start);
    stream.eof(spectacles::errc::ok, {}, start);
    bool lost = false;
    for (auto event = shard.next_event(start); event; event = shard.next_event(start))
        if (event.type() == event_type::disconnected)
            lost = !event.text().empty() && event.until() > start && event.until() != spectacles::never &&
                   event.error().category() == spectacles::category();
    expect(lost, "a lost connection");
}

void documents_are_read_and_built()
{
    spectacles::document read(R"({"author":{"id":"42"},"tags":[1,2.5,true,null]})");
    expect(read.root()["author"]["id"].snowflake() == 42u, "a member of a member");
    expect(!read.root()["nobody"]["id"] && !read.root()["nobody"].int64(), "what is not there");
    std::size_t count = 0;
    for (auto tag : read.root()["tags"])
        count += tag.type() != spectacles::value_type::none;
    expect(count == 4 && read.root()["tags"].at(1).number() == 2.5, "an array");
    spectacles::document made;
    auto root = made.object();
    root.set("guild_id", made.text("1"))
        .set("limits", made.array().append(made.int64(-1)).append(made.boolean(true)));
    spectacles::bytes out;
    root.write(out);
    expect(out.text() == R"({"guild_id":"1","limits":[-1,true]})", "what was built");
    spectacles::transcode(out, spectacles::format::etf, spectacles::format::json, std::string(out.text()));
    expect(spectacles::format_of(out) == spectacles::format::etf, "another format");
    expect(error_of([&] { root.append(root); }).code() == spectacles::errc::inval, "a value in itself");
}

void headers_go_both_ways()
{
    spectacles::header_list list;
    list.text("kind", "test")
        .integer("tries", 3)
        .real("half", 0.5)
        .boolean("sure", true)
        .binary("raw", "\x01\x02");
    const auto raw = list.raw();
    const spectacles::header first(raw[0]), second(raw[1]);
    expect(first.key() == "kind" && first.text() == "test" && second.integer() == 3, "headers");
    expect(first.entries().empty() && !first.find("kind"), "a text has no entries");
    spectacles::message message("KEY", "{}");
    message.headers(std::move(list)).expiration(std::chrono::seconds(5)).message_id("1").transient();
    spectacles::broker broker(spectacles::broker_config("amqp://localhost"));
    expect(broker.has_room() && broker.publish(message) == 1 && broker.stats().unconfirmed == 1,
           "a message waits");
    expect(broker.subscribe(spectacles::subscription("KEY").prefetch(5)) == 0 && !broker.ack(1),
           "a subscription");
}

/// A delivery with the headers by which the copies of a resharding are known. shards 0: without them. id NULL: without
/// a message-id.
spectacles::copy_mark mark_of(const spectacles::copies &copies, const char *id, std::int64_t shards = 0)
{
    spectacles::header_list list;
    if (shards > 0)
        list.integer("shards", shards).text("digest", "0123456789abcdef0123456789abcdef");
    const auto headers = list.raw();
    spectacles_broker_event event{};
    event.type = SPECTACLES_BROKER_EVENT_MESSAGE;
    event.message_id = id;
    event.headers = headers.data();
    event.header_count = headers.size();
    return copies.mark(spectacles::broker_event(&event));
}

void a_message_that_comes_again_is_left_out()
{
    spectacles::copies made, copies = std::move(made);
    const auto mark = mark_of(copies, "a:1");
    expect(!copies.leave_out(mark) && !copies.leave_out(mark), "work that was cut off is done again");
    copies.add(mark);
    expect(copies.leave_out(mark_of(copies, "a:1")), "a message-id that came before");
    expect(!copies.leave_out(mark_of(copies, "a:2")), "another message-id");
    const auto none = mark_of(copies, nullptr);
    copies.add(none);
    expect(!copies.leave_out(none), "a message without a message-id is no copy");
}

void the_copy_of_another_number_of_shards_is_left_out()
{
    const auto at = [](int time) { return spectacles::time_point(spectacles::milliseconds(time)); };
    spectacles::copies copies;
    expect(!copies.leave_out(mark_of(copies, "a:1", 2), at(1)), "the event by the old number");
    expect(!copies.leave_out(mark_of(copies, "a:2", 2), at(2)), "another event that is equal");
    expect(copies.leave_out(mark_of(copies, "b:1", 4), at(3)), "the event by the new number");
    expect(copies.leave_out(mark_of(copies, "b:2", 4), at(4)), "the other one by the new number");
    expect(!copies.leave_out(mark_of(copies, "b:3", 4), at(5)), "each event has one copy");
    expect(!copies.leave_out(mark_of(copies, "a:3", 2), at(40000)), "an event long after");
}

void as_many_are_remembered_as_was_asked_for()
{
    spectacles::copies copies(1);
    for (const char *id : {"a:1", "a:2", "a:3"})
        copies.add(mark_of(copies, id));
    expect(copies.leave_out(mark_of(copies, "a:3")) && !copies.leave_out(mark_of(copies, "a:1")),
           "the first one is forgotten");
    const auto error = error_of([] { spectacles::copies none(0); });
    expect(error.code() == spectacles::errc::inval && std::strstr(error.what(), "remembered") != nullptr,
           "none are remembered");
}

void a_state_outlives_its_process()
{
    spectacles::state state("a.bot.token", 2, SPECTACLES_INTENT_GUILDS, "host 1");
    const spectacles::session session(1, 2, "abc", 17);
    spectacles::gap gap(1);
    gap.next = 1;
    gap.new_session_id = "abc";
    expect(state.set(1, &session, {gap}), "a record");
    spectacles::bytes stored;
    state.write(stored);
    spectacles::state read(stored.view());
    expect(read.shard_ids() == std::vector<std::uint32_t>{1} && read.session(1)->session_id == "abc",
           "its session");
    expect(read.gaps(1).size() == 1 && !read.gaps(1)[0].old_session_id && read.read_writer() == "host 1",
           "its gap");
    expect(!read.session(0) && read.shard_count() == 2 && read.noticed_at() == 0, "what it does not have");
    expect(error_of([&] { read.read("nonsense"); }).code() == spectacles::errc::proto,
           "bytes that are no state");
}

void a_gateway_from_memory()
{
    spectacles::gateway gateway(spectacles::gateway_config(shard_config().shard_count(2))
                                    .relay(spectacles::relay_config().allow_all())
                                    .no_links());
    std::size_t connecting = 0;
    for (auto event : gateway.events())
        connecting +=
            event.type() == spectacles::relay_event_type::shard_connecting && !event.describe().empty();
    expect(connecting == 2 && gateway.fd() == -1 && gateway.shard(1) && !gateway.shard(2), "two shards");
    expect(error_of([&] { gateway.acknowledge(9); }).code() == spectacles::errc::inval, "a ticket of nobody");
    expect(error_of([&] { gateway.add_shard(1); }).code() == spectacles::errc::inval,
           "a shard that is there");
    gateway.drop_shard(1);
    gateway.add_shard(1);
    const auto answer = spectacles::gateway_bot(503, "nobody is there", "7");
    expect(answer.verdict() == spectacles::gateway_bot_verdict::again &&
               answer.wait() == std::chrono::seconds(7) && name(answer.verdict()) == "AGAIN",
           "an answer of GET /gateway/bot");
    gateway.stop();
    std::size_t closed = 0;
    for (auto event : gateway.events())
        closed += event.type() == spectacles::relay_event_type::shard_closed;
    expect(closed == 2 && gateway.is_stopped(), "a gateway that never connected stops at once");
}

void time_has_an_end()
{
    expect(spectacles::poll_timeout(spectacles::never) == -1, "a deadline that never comes");
    expect(spectacles::poll_timeout(spectacles::clock::now()) == 0, "a deadline that has passed");
    expect(spectacles::poller().deadline() == spectacles::never, "a poller without links");
}

static_assert(std::is_nothrow_copy_constructible_v<spectacles::error>,
              "exceptions are copied without a throw");
static_assert(std::is_nothrow_move_constructible_v<spectacles::gateway> &&
                  !std::is_copy_constructible_v<spectacles::gateway>,
              "handles move");
static_assert(sizeof(spectacles::shard) == sizeof(void *), "a handle is a pointer");
#if __cplusplus >= 202002L
static_assert(std::ranges::input_range<spectacles::shard::events_type>, "events are a range");
static_assert(std::ranges::forward_range<spectacles::value> &&
                  std::ranges::contiguous_range<spectacles::bytes_view>,
              "values and bytes are ranges");
#endif

} // namespace

int main()
{
    try {
        errors_carry_the_sentence();
        settings_can_be_copied();
        handles_move();
        views_are_made_of_what_there_is();
        an_engine_from_memory();
        documents_are_read_and_built();
        headers_go_both_ways();
        a_message_that_comes_again_is_left_out();
        the_copy_of_another_number_of_shards_is_left_out();
        as_many_are_remembered_as_was_asked_for();
        a_state_outlives_its_process();
        a_gateway_from_memory();
        time_has_an_end();
        return 0;
    } catch (const std::exception &trouble) {
        std::cerr << trouble.what() << '\n';
        return 1;
    }
}
