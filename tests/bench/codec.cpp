// The codecs beside others, on the same payloads in the same run: codec FOLDER [ROUNDS]. Each round runs every
// contender once over all payloads, so that a noisy neighbour disturbs all of them; the table has medians, and the
// median of the ratios to simdjson's envelope within one round. Instructions are counted by the processor where the
// system lets a program ask it; otherwise by valgrind's callgrind, in a run of its own: see ./dev bench codec.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <cjson/cJSON.h>
#include <ei.h>
#include <simdjson.h>
#include <spectacles/codec.h>
#include <spectacles/document.h>

extern "C" {
#include "codec/blocks.h"
}

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name)
#endif

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace
{

constexpr uint32_t JSON = SPECTACLES_FORMAT_JSON;
constexpr uint32_t ETF = SPECTACLES_FORMAT_ETF;

struct Payloads {
    std::vector<simdjson::padded_string> json;
    std::vector<std::string> etf;
    size_t bytes = 0;
};

struct Contender {
    std::string name;
    std::function<void()> run;
    std::vector<double> nanoseconds;
    uint64_t instructions = 0;
};

volatile uint64_t sink;

void need(bool truth, const char *what)
{
    if (truth)
        return;
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(1);
}

const uint8_t *bytes_of(const char *text)
{
    return reinterpret_cast<const uint8_t *>(text);
}

Payloads load(const std::string &folder, spectacles_bytes *out)
{
    Payloads all;
    std::vector<std::string> paths;
    for (auto &entry : std::filesystem::directory_iterator(folder))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (auto &path : paths) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        if (spectacles_transcode(out, ETF, JSON, SPECTACLES_COMPACT, bytes_of(text.str().data()),
                                 text.str().size(), nullptr))
            continue; // what JSON allows and Erlang does not: a key twice, half a surrogate
        all.json.emplace_back(text.str());
        all.bytes += text.str().size();
        all.etf.emplace_back(reinterpret_cast<const char *>(spectacles_bytes_data(out)),
                             spectacles_bytes_length(out));
    }
    need(!all.json.empty(), "reading the payloads");
    return all;
}

// ---- Instructions, where the machine counts them ----

class Counter
{
  public:
    Counter()
    {
#ifdef __linux__
        perf_event_attr what = {};
        what.type = PERF_TYPE_HARDWARE;
        what.size = sizeof what;
        what.config = PERF_COUNT_HW_INSTRUCTIONS;
        what.exclude_kernel = 1;
        file = static_cast<int>(syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
#endif
    }
    bool works() const
    {
        return file >= 0;
    }
    uint64_t read_now() const
    {
        uint64_t value = 0;
#ifdef __linux__
        if (file < 0 || read(file, &value, sizeof value) != sizeof value)
            return 0;
#endif
        return value;
    }

  private:
    int file = -1;
};

// ---- The contenders ----

void simdjson_envelope(simdjson::ondemand::parser &parser, const Payloads &all)
{
    for (auto &text : all.json) {
        auto document = parser.iterate(text).value();
        uint64_t op = 0, seq = 0;
        std::string_view name, data;
        for (auto field : document.get_object()) {
            std::string_view key = field.unescaped_key().value();
            if (key == "t")
                name = field.value().get_string().value();
            else if (key == "s")
                seq = field.value().get_uint64();
            else if (key == "op")
                op = field.value().get_uint64();
            else if (key == "d")
                data = simdjson::to_json_string(field.value()).value();
        }
        sink = sink + op + seq + name.size() + data.size();
    }
}

void envelope(const Payloads &all, uint32_t encoding, bool head)
{
    spectacles_envelope found;
    for (size_t i = 0; i < all.json.size(); i++) {
        const char *at = encoding == JSON ? all.json[i].data() : all.etf[i].data();
        size_t length = encoding == JSON ? all.json[i].size() : all.etf[i].size();
        int result = head ? spectacles_envelope_head(&found, encoding, bytes_of(at), length, nullptr)
                          : spectacles_envelope_scan(&found, encoding, bytes_of(at), length, nullptr);
        need(result >= 0, "an envelope");
        sink = sink + found.seq + found.data_length;
    }
}

void transcode(const Payloads &all, spectacles_bytes *out, uint32_t to, uint32_t from)
{
    for (size_t i = 0; i < all.json.size(); i++) {
        const char *at = from == JSON ? all.json[i].data() : all.etf[i].data();
        size_t length = from == JSON ? all.json[i].size() : all.etf[i].size();
        need(!spectacles_transcode(out, to, from, SPECTACLES_COMPACT, bytes_of(at), length, nullptr),
             "transcoding");
        sink = sink + spectacles_bytes_length(out);
    }
}

void document(const Payloads &all, spectacles_document *into, uint32_t encoding)
{
    for (size_t i = 0; i < all.json.size(); i++) {
        const char *at = encoding == JSON ? all.json[i].data() : all.etf[i].data();
        size_t length = encoding == JSON ? all.json[i].size() : all.etf[i].size();
        need(!spectacles_document_parse(into, encoding, 0, bytes_of(at), length, nullptr), "parsing");
        sink = sink + (spectacles_document_root(into) != nullptr);
    }
}

void libei_skip(const Payloads &all)
{
    for (auto &term : all.etf) {
        int index = 0, version = 0;
        need(!ei_decode_version(term.data(), &index, &version) && !ei_skip_term(term.data(), &index),
             "libei");
        sink = sink + static_cast<uint64_t>(index);
    }
}

void cjson_tree(const Payloads &all)
{
    for (auto &text : all.json) {
        cJSON *tree = cJSON_ParseWithLength(text.data(), text.size());
        need(tree != nullptr, "cJSON");
        sink = sink + static_cast<uint64_t>(cJSON_GetArraySize(tree));
        cJSON_Delete(tree);
    }
}

void simdjson_tree(simdjson::dom::parser &parser, const Payloads &all)
{
    for (auto &text : all.json)
        sink = sink + parser.parse(text).value().get_object().value().size();
}

void copy(const Payloads &all, std::vector<char> &room)
{
    for (auto &text : all.json) {
        std::memcpy(room.data(), text.data(), text.size());
        sink = sink + static_cast<uint64_t>(room[text.size() / 2]);
    }
}

void walk(const Payloads &all, sp_blocks_variant variant)
{
    for (auto &text : all.json) {
        const uint8_t *at = bytes_of(text.data());
        const uint8_t *behind = at;
        variant.walk(at, at + text.size(), &behind);
        sink = sink + static_cast<uint64_t>(behind - at);
    }
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void report(const std::vector<Contender> &all, size_t reference, size_t payloads, size_t bytes, bool counted)
{
    std::printf("%-34s %12s %10s %10s %14s\n", "", "ns/payload", "x simdjson", "MB/s", "instructions");
    for (auto &each : all) {
        std::vector<double> ratios;
        for (size_t i = 0; i < each.nanoseconds.size(); i++)
            ratios.push_back(each.nanoseconds[i] / all[reference].nanoseconds[i]);
        double middle = median(each.nanoseconds) / static_cast<double>(payloads);
        std::printf("%-34s %12.0f %10.2f %10.0f ", each.name.c_str(), middle, median(ratios),
                    static_cast<double>(bytes) / static_cast<double>(payloads) / middle * 1000);
        if (counted)
            std::printf("%14.0f\n", static_cast<double>(each.instructions) /
                                        static_cast<double>(payloads * each.nanoseconds.size()));
        else
            std::printf("%14s\n", "not counted");
    }
    if (!counted)
        std::printf("The system lets no program count instructions here (perf_event_open).\n");
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s FOLDER [ROUNDS]\n", argv[0]);
        return 2;
    }
    size_t rounds = argc > 2 ? static_cast<size_t>(std::atol(argv[2])) : 201;
    spectacles_bytes *out = nullptr;
    spectacles_document *tree = nullptr;
    need(!spectacles_bytes_new(&out) && !spectacles_document_new(&tree), "memory");
    Payloads all = load(argv[1], out);
    std::vector<char> room(1 << 21);
    simdjson::ondemand::parser on_demand;
    simdjson::dom::parser dom;
    std::vector<Contender> contenders;
    auto add = [&](std::string name, std::function<void()> run) {
        contenders.push_back({std::move(name), std::move(run), {}, 0});
    };
    add("memcpy", [&] { copy(all, room); });
    add("simdjson On-Demand, envelope", [&] { simdjson_envelope(on_demand, all); });
    add("ours, JSON envelope", [&] { envelope(all, JSON, false); });
    add("ours, JSON envelope, head only", [&] { envelope(all, JSON, true); });
    for (size_t n = 0; sp_blocks_variant_at(n).walk; n++) {
        sp_blocks_variant variant = sp_blocks_variant_at(n);
        add(std::string("ours, the walk alone, ") + variant.name, [&all, variant] { walk(all, variant); });
    }
    add("simdjson DOM (checks all)", [&] { simdjson_tree(dom, all); });
    add("cJSON, tree", [&] { cjson_tree(all); });
    add("ours, document from JSON", [&] { document(all, tree, JSON); });
    add("libei, skip", [&] { libei_skip(all); });
    add("ours, ETF envelope", [&] { envelope(all, ETF, false); });
    add("ours, document from ETF", [&] { document(all, tree, ETF); });
    add("ours, ETF to JSON", [&] { transcode(all, out, JSON, ETF); });
    add("ours, JSON to ETF", [&] { transcode(all, out, ETF, JSON); });
    Counter counter;
    for (size_t round = 0; round < rounds; round++) {
        for (auto &each : contenders) {
            uint64_t instructions = counter.read_now();
            auto start = std::chrono::steady_clock::now();
            CALLGRIND_TOGGLE_COLLECT;
            each.run();
            CALLGRIND_TOGGLE_COLLECT;
            auto end = std::chrono::steady_clock::now();
            each.instructions += counter.read_now() - instructions;
            each.nanoseconds.push_back(std::chrono::duration<double, std::nano>(end - start).count());
            if (round == rounds - 1)
                CALLGRIND_DUMP_STATS_AT(each.name.c_str());
        }
    }
    std::printf("%zu payloads, %zu bytes on average; simdjson runs as '%s', we run as '%s'\n",
                all.json.size(), all.bytes / all.json.size(),
                simdjson::get_active_implementation()->name().c_str(), sp_blocks_variant_at(0).name);
    report(contenders, 1, all.json.size(), all.bytes, counter.works());
    spectacles_document_free(tree);
    spectacles_bytes_free(out);
    return 0;
}
