// A shard without the library, by Boost.Beast and nlohmann::json: shard COUNT.
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

namespace beast = boost::beast;
namespace asio = boost::asio;
using plain = beast::websocket::stream<asio::ip::tcp::socket>;
using secure = beast::websocket::stream<beast::ssl_stream<asio::ip::tcp::socket>>;

struct where {
    bool tls;
    std::string host, port;
};

static where parse(const std::string &url)
{
    std::smatch found;
    if (!std::regex_match(url, found, std::regex("(wss?)://([^:/]+):(\\d+)")))
        throw std::runtime_error("GATEWAY_URL is ws://host:port or wss://host:port");
    return {found[1] == "wss", found[2], found[3]};
}

template <class Socket> void identify(Socket &socket)
{
    const nlohmann::json properties = {{"os", "linux"}, {"browser", "bench"}, {"device", "bench"}};
    const nlohmann::json packet = {{"op", 2},
                                   {"d",
                                    {{"token", std::getenv("DISCORD_TOKEN")},
                                     {"intents", 0},
                                     {"shard", {0, 1}},
                                     {"properties", properties}}}};
    socket.write(asio::buffer(packet.dump()));
}

static bool is_hello(const nlohmann::json &payload)
{
    return !payload.is_discarded() && payload.at("op").get<int>() == 10;
}

// A text with half a surrogate, which Discord sends and this parser refuses, is an event too.
static bool is_event(const nlohmann::json &payload)
{
    return payload.is_discarded() ||
           (payload.at("op").get<int>() == 0 && payload.at("t").get_ref<const std::string &>() != "READY");
}

template <class Socket> void run(Socket &socket, const where &to, long total)
{
    socket.handshake(to.host + ":" + to.port, "/?v=10&encoding=json");
    beast::flat_buffer buffer;
    for (long seen = 0; seen < total;) {
        buffer.clear();
        socket.read(buffer);
        const auto *text = static_cast<const char *>(buffer.data().data());
        const auto payload = nlohmann::json::parse(text, text + buffer.size(), nullptr, false);
        if (is_hello(payload))
            identify(socket);
        if (!is_event(payload))
            continue;
        if (++seen % (total / 10) == 0)
            std::cout << "EVENTS " << seen << std::endl;
    }
}

int main(int, char **arguments)
{
    const long total = std::stol(arguments[1]);
    const where to = parse(std::getenv("GATEWAY_URL"));
    asio::io_context context;
    const auto found = asio::ip::tcp::resolver(context).resolve(to.host, to.port);
    if (!to.tls) {
        plain socket(context);
        asio::connect(socket.next_layer(), found);
        run(socket, to, total);
        return 0;
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.load_verify_file(std::getenv("SSL_CERT_FILE"));
    tls.set_verify_mode(asio::ssl::verify_peer);
    secure socket(context, tls);
    socket.next_layer().set_verify_callback(asio::ssl::host_name_verification(to.host));
    asio::connect(socket.next_layer().next_layer(), found);
    socket.next_layer().handshake(asio::ssl::stream_base::client);
    run(socket, to, total);
}
