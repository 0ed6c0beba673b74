// spectacles/link.hpp - TCP, TLS and proxies under a shard or a broker. What each function and setting means: link.h.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/link.h>
#include <spectacles/proxy.h>
#include <spectacles/stream.hpp>

namespace spectacles
{

/// Which certificates TLS uses. Left as it is: the authorities of the system.
class tls_config : public detail::settings<spectacles_tls_config, spectacles_tls_config_init>
{
public:
    tls_config &ca_file(std::string_view path)
    {
        raw().ca_file = keep_text(path);
        return *this;
    }
    tls_config &certificate(std::string_view cert_file, std::string_view key_file)
    {
        raw().cert_file = keep_text(cert_file);
        raw().key_file = keep_text(key_file);
        return *this;
    }
};

/// Certificates, read from their files. Links share them.
class tls : public detail::handle<spectacles_tls, spectacles_tls_free>
{
public:
    explicit tls(const tls_config &config = {})
        : handle(detail::make<spectacles_tls>([&](spectacles_tls **out, spectacles_problem *problem) {
              return spectacles_tls_new(out, &config.raw(), problem);
          }))
    {
    }
};

/// The TLS library that links use, with its version.
[[nodiscard]] inline std::string_view tls_library() noexcept
{
    return spectacles_tls_library();
}

/// The addresses of a host, separated by spaces. Blocks: a resolver does not.
[[nodiscard]] inline std::string resolve(const std::string &host)
{
    std::string out(SPECTACLES_LINK_ADDRESSES_MAX, '\0');
    int length = detail::check([&](spectacles_problem *problem) {
        return spectacles_resolve(out.data(), out.size(), host.c_str(), problem);
    });
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// The proxy that the environment names for a scheme ("wss", "amqps"); or empty.
[[nodiscard]] inline std::string_view proxy_from_environment(const std::string &scheme) noexcept
{
    return detail::text_of(spectacles_proxy_from_environment(scheme.c_str()));
}

/// The hosts that the environment excepts from proxies; or empty.
[[nodiscard]] inline std::string_view no_proxy_from_environment() noexcept
{
    return detail::text_of(spectacles_no_proxy_from_environment());
}

[[nodiscard]] inline bool proxy_is_excepted(const std::string &no_proxy, const std::string &host) noexcept
{
    return spectacles_proxy_is_excepted(no_proxy.c_str(), host.c_str()) == 1;
}

/// The URL of a proxy without credentials, for a log. Throws when the URL cannot be used.
[[nodiscard]] inline std::string proxy_describe(const std::string &url)
{
    std::string out(512, '\0');
    int length = detail::check([&](spectacles_problem *problem) {
        return spectacles_proxy_describe(out.data(), out.size(), url.c_str(), problem);
    });
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// How a link is made.
class link_config : public detail::settings<spectacles_link_config, spectacles_link_config_init>
{
public:
    link_config &connect_timeout(milliseconds time)
    {
        raw().connect_timeout = static_cast<std::uint32_t>(time.count());
        return *this;
    }
    link_config &trust(tls certificates)
    {
        raw().tls = keep(std::move(certificates)).get();
        return *this;
    }
    /// The URL of a proxy, and the hosts that are reached without it. An empty URL: no proxy.
    link_config &proxy(std::string_view url, std::string_view excepted = {})
    {
        raw().proxy = url.empty() ? nullptr : keep_text(url);
        raw().no_proxy = keep_text(excepted);
        return *this;
    }
    /// The proxy of the environment for a scheme ("wss", "amqps"), if there is one.
    link_config &proxy_of(const std::string &scheme)
    {
        return proxy(proxy_from_environment(scheme), no_proxy_from_environment());
    }
    /// The owner makes the connections: link::set_descriptor().
    link_config &descriptors()
    {
        raw().flags |= SPECTACLES_LINK_DESCRIPTORS;
        return *this;
    }
    link_config &read_delay(milliseconds time)
    {
        raw().read_delay = static_cast<std::uint32_t>(time.count());
        return *this;
    }
};

/// One connection under an engine, for the loop of its owner. The engine and the link end in any order.
class link : public detail::speaking_handle<spectacles_link, spectacles_link_free, spectacles_link_last_error>
{
public:
    explicit link(const stream &engine, const link_config &config = {})
        : speaking_handle(
              detail::make<spectacles_link>([&](spectacles_link **out, spectacles_problem *problem) {
                  return spectacles_link_new(out, engine.get(), &config.raw(), problem);
              }))
    {
    }

    /// The descriptor to watch; -1: there is none now.
    [[nodiscard]] int fd() const noexcept { return spectacles_link_fd(get()); }
    /// What for: a mask of enum spectacles_link_io.
    [[nodiscard]] std::uint32_t interest() const noexcept { return spectacles_link_interest(get()); }
    [[nodiscard]] time_point deadline() const noexcept
    {
        return detail::to_time(spectacles_link_deadline(get()));
    }
    /// Moves bytes. ready: a mask of enum spectacles_link_io. Returns a mask of enum spectacles_link_change.
    std::uint32_t process(std::uint32_t ready, time_point now = clock::now())
    {
        return static_cast<std::uint32_t>(check(spectacles_link_process(get(), ready, detail::to_raw(now))));
    }

    /// The host that needs an address before the link can go on; nullptr: none does.
    [[nodiscard]] const char *wants_address() const noexcept { return spectacles_link_wants_address(get()); }
    void set_address(std::string_view addresses)
    {
        check(spectacles_link_set_address(get(), addresses.data(), addresses.size()));
    }
    void set_no_address(std::string_view why = {})
    {
        check(spectacles_link_set_no_address(get(), why.data(), why.size()));
    }
    /// Answers wants_address() with the resolver of the system. Blocks.
    void resolve() { check(spectacles_link_resolve(get())); }

    [[nodiscard]] bool wants_descriptor() const noexcept
    {
        return spectacles_link_wants_descriptor(get()) == 1;
    }
    /// fd: belongs to the link from now on, unless the call throws.
    void set_descriptor(int fd) { check(spectacles_link_set_descriptor(get(), fd)); }
    void set_no_descriptor(std::string_view why = {})
    {
        check(spectacles_link_set_no_descriptor(get(), why.data(), why.size()));
    }

    void set_tls(const tls &certificates) { check(spectacles_link_set_tls(get(), certificates.get())); }
    /// The address that the link is connected to, or tried last; or empty.
    [[nodiscard]] std::string_view peer() const noexcept { return spectacles_link_peer(get()); }
};

} // namespace spectacles
