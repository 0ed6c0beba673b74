package spectacles

// #include "engine.h"
import "C"

// output is what the library writes.
func output(write func(out *C.spectacles_bytes, memory *scratch) error) ([]byte, error) {
	var memory scratch
	defer memory.free()
	out := one[*C.spectacles_bytes](&memory)
	if C.spectacles_bytes_new(out) < 0 {
		return nil, ErrNoMemory
	}
	defer C.spectacles_bytes_free(*out)
	if err := write(*out, &memory); err != nil {
		return nil, err
	}
	return append([]byte{}, view(C.spectacles_bytes_data(*out), C.spectacles_bytes_length(*out))...), nil
}

// Transcode rewrites one document from a format into another one. Raw as the format of the data: it is recognised. Half
// of a surrogate pair, which JSON alone can hold, becomes U+FFFD.
func Transcode(to, from Format, data []byte) ([]byte, error) {
	return output(func(out *C.spectacles_bytes, memory *scratch) error {
		problem := memory.problem()
		bytes, length := memory.bytes(data)
		return check(C.spectacles_transcode(out, C.uint32_t(to), C.uint32_t(from), C.SPECTACLES_REPLACE_SURROGATES, bytes, length, problem), problem)
	})
}

// FormatOf guesses the format of bytes by the first of them.
func FormatOf(data []byte) Format {
	var memory scratch
	defer memory.free()
	bytes, length := memory.bytes(data)
	return Format(C.spectacles_format_of(bytes, length))
}

// ParseFormat reads the name of a format, as settings have it: "json", "etf", "msgpack" or "msgpack-json".
func ParseFormat(name string) (Format, error) {
	var memory scratch
	defer memory.free()
	out := one[C.uint32_t](&memory)
	text, length := memory.chars(name)
	if code := C.spectacles_format_parse(out, text, length); code < 0 {
		return Raw, &Error{Kind(code), "'" + name + "' is none of json, etf, msgpack, msgpack-json"}
	}
	return Format(*out), nil
}

// ContentType is that of a format, as messages have it.
func (f Format) ContentType() string {
	return textAt(C.spectacles_format_content_type(C.uint32_t(f)))
}

// CheckJSON says why the bytes are no JSON, as strictly as the library reads JSON.
func CheckJSON(data []byte) error {
	var memory scratch
	defer memory.free()
	problem := memory.problem()
	bytes, length := memory.bytes(data)
	return check(C.spectacles_json_check(bytes, length, problem), problem)
}

// CheckPacket says why a gateway would not send a packet, {"op": 8, "d": {..}}, to Discord.
func CheckPacket(packet []byte) error {
	var memory scratch
	defer memory.free()
	problem, out := memory.problem(), one[C.spectacles_packet](&memory)
	bytes, length := memory.bytes(packet)
	return check(C.spectacles_packet_parse(out, bytes, length, problem), problem)
}

// SendKey is the routing key of SENDs.
func SendKey() string { return textAt(C.spectacles_route_send_key()) }

// GapKey is the routing key of gap records.
func GapKey() string { return textAt(C.spectacles_route_gap_key()) }

// SendBody writes the body of a SEND: the packet {"op": .., "d": ..} for the shard of a guild.
func SendBody(guildID uint64, packet []byte) ([]byte, error) {
	var memory scratch
	defer memory.free()
	problem := memory.problem()
	bytes, length := memory.bytes(packet)
	room, out := slice[C.uint8_t](&memory, len(packet)+48)
	written := C.spectacles_send_build(room, C.size_t(len(out)), C.uint64_t(guildID), bytes, length, problem)
	if err := check(written, problem); err != nil {
		return nil, err
	}
	return append([]byte{}, view(room, C.size_t(written))...), nil
}

// TokenBot is the id of the bot that a token belongs to; 0: the token does not say it.
func TokenBot(token string) uint64 {
	var memory scratch
	defer memory.free()
	return uint64(C.spectacles_token_bot(memory.notNil(token)))
}

// CheckToken says why a token cannot be one.
func CheckToken(token string) error {
	var memory scratch
	defer memory.free()
	problem := memory.problem()
	code := C.spectacles_token_check(memory.text(token), problem)
	return first(memory.err, check(code, problem))
}

// TransportFromEnvironment goes through the proxy that the environment names for a scheme, by the rules of curl
// (HTTPS_PROXY, AMQP_PROXY, ALL_PROXY, NO_PROXY): "wss" for shards, "amqp" or "amqps" for brokers.
func TransportFromEnvironment(scheme string) Transport {
	var memory scratch
	defer memory.free()
	proxy := textAt(C.spectacles_proxy_from_environment(memory.notNil(scheme)))
	return Transport{Proxy: proxy, NoProxy: textAt(C.spectacles_no_proxy_from_environment())}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
