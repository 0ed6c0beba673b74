package spectacles

// #include <stdlib.h>
// #include "engine.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
	"unsafe"
)

// GatewayURL is where Discord's gateway is. GET /gateway/bot names it too: ReadGatewayBot.
const GatewayURL = "wss://gateway.discord.gg"

// Intents say which events Discord sends (Discord: "Gateway Intents"): a mask.
type Intents uint64

// The intents. Some are privileged: Privileged.
const (
	IntentGuilds                      Intents = C.SPECTACLES_INTENT_GUILDS
	IntentGuildMembers                Intents = C.SPECTACLES_INTENT_GUILD_MEMBERS
	IntentGuildModeration             Intents = C.SPECTACLES_INTENT_GUILD_MODERATION
	IntentGuildExpressions            Intents = C.SPECTACLES_INTENT_GUILD_EXPRESSIONS
	IntentGuildIntegrations           Intents = C.SPECTACLES_INTENT_GUILD_INTEGRATIONS
	IntentGuildWebhooks               Intents = C.SPECTACLES_INTENT_GUILD_WEBHOOKS
	IntentGuildInvites                Intents = C.SPECTACLES_INTENT_GUILD_INVITES
	IntentGuildVoiceStates            Intents = C.SPECTACLES_INTENT_GUILD_VOICE_STATES
	IntentGuildPresences              Intents = C.SPECTACLES_INTENT_GUILD_PRESENCES
	IntentGuildMessages               Intents = C.SPECTACLES_INTENT_GUILD_MESSAGES
	IntentGuildMessageReactions       Intents = C.SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS
	IntentGuildMessageTyping          Intents = C.SPECTACLES_INTENT_GUILD_MESSAGE_TYPING
	IntentDirectMessages              Intents = C.SPECTACLES_INTENT_DIRECT_MESSAGES
	IntentDirectMessageReactions      Intents = C.SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS
	IntentDirectMessageTyping         Intents = C.SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING
	IntentMessageContent              Intents = C.SPECTACLES_INTENT_MESSAGE_CONTENT
	IntentGuildScheduledEvents        Intents = C.SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS
	IntentAutoModerationConfiguration Intents = C.SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION
	IntentAutoModerationExecution     Intents = C.SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION
	IntentGuildMessagePolls           Intents = C.SPECTACLES_INTENT_GUILD_MESSAGE_POLLS
	IntentDirectMessagePolls          Intents = C.SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS
)

// Privileged are those of the mask that a bot has to be granted.
func (i Intents) Privileged() Intents {
	return Intents(C.spectacles_intents_privileged(C.uint64_t(i)))
}

// IntentsFor bring the event, each one by itself. 0: the event needs no intent, or is not known.
func IntentsFor(event string) Intents {
	var memory scratch
	defer memory.free()
	name, length := memory.chars(event)
	return Intents(C.spectacles_intents_for_event(name, length))
}

// ParseIntent reads the name of an intent, such as "GUILD_MESSAGES", in upper or lower case.
func ParseIntent(name string) (Intents, error) {
	var memory scratch
	defer memory.free()
	out := one[C.uint64_t](&memory)
	text, length := memory.chars(name)
	if C.spectacles_intent_parse(out, text, length) < 0 {
		return 0, &Error{ErrInvalid, fmt.Sprintf("%q is no intent", name)}
	}
	return Intents(*out), nil
}

// Format is what payloads and bodies are written in.
type Format uint32

// The formats.
const (
	// Raw: bytes are sent as they are, and recognised when they are read.
	Raw         Format = C.SPECTACLES_FORMAT_RAW
	JSON        Format = C.SPECTACLES_FORMAT_JSON
	ETF         Format = C.SPECTACLES_FORMAT_ETF
	MsgPack     Format = C.SPECTACLES_FORMAT_MSGPACK
	MsgPackJSON Format = C.SPECTACLES_FORMAT_MSGPACK_JSON
)

// String is the name of the format: "JSON", "MSGPACK_JSON".
func (f Format) String() string { return textAt(C.spectacles_format_name(C.uint32_t(f))) }

// Compression is how Discord's messages are compressed.
type Compression uint32

// The compressions. The value 0 is the best one that the library has.
const (
	CompressionBest Compression = iota
	CompressionNone
	ZlibStream
	ZstdStream
	CompressionPayload
)

var compressions = [...]C.uint32_t{
	CompressionNone:    C.SPECTACLES_COMPRESSION_NONE,
	ZlibStream:         C.SPECTACLES_COMPRESSION_ZLIB_STREAM,
	ZstdStream:         C.SPECTACLES_COMPRESSION_ZSTD_STREAM,
	CompressionPayload: C.SPECTACLES_COMPRESSION_PAYLOAD,
}

// Session is what is needed to resume a session, in this process or another one.
type Session struct {
	ID        string
	Seq       uint64
	ResumeURL string
	ShardID   uint32
	Shards    uint32 // of the whole bot
	Format    Format
}

func (s *scratch) session(session *Session) *C.spectacles_session {
	if session == nil {
		return nil
	}
	made := one[C.spectacles_session](s)
	C.spectacles_session_init(made, C.sizeof_spectacles_session)
	made.shard_id, made.shard_count = C.uint32_t(session.ShardID), C.uint32_t(session.Shards)
	made.seq, made.format = C.uint64_t(session.Seq), C.uint32_t(session.Format)
	made.session_id, made.resume_url = s.text(session.ID), s.text(session.ResumeURL)
	return made
}

func sessionOf(from *C.spectacles_session) *Session {
	return &Session{ID: textAt(from.session_id), Seq: uint64(from.seq), ResumeURL: textAt(from.resume_url),
		ShardID: uint32(from.shard_id), Shards: uint32(from.shard_count), Format: Format(from.format)}
}

// Transport is how a connection is made. The zero value takes the authorities of the system, and no proxy.
type Transport struct {
	CAFile   string // PEM: the authorities; "": SSL_CERT_FILE and SSL_CERT_DIR, then the known paths
	CertFile string // PEM: a certificate of the client
	KeyFile  string // PEM: its key
	Proxy    string // http:// or socks5://; TransportFromEnvironment knows what the environment says
	NoProxy  string // hosts that are reached without the proxy
}

func (s *scratch) transport(transport Transport) *C.sgo_transport {
	made := one[C.sgo_transport](s)
	made.ca_file, made.cert_file, made.key_file = s.text(transport.CAFile), s.text(transport.CertFile), s.text(transport.KeyFile)
	made.proxy, made.no_proxy = s.text(transport.Proxy), s.text(transport.NoProxy)
	return made
}

// Notice is something that happens by itself, and is no error of a call: a lost connection, a session that is lost.
type Notice struct {
	From string // "shard 0", "broker"
	Type string // "DISCONNECTED", "GAP"
	Text string // one sentence
	Code int    // of WebSocket, HTTP or AMQP; 0: none
	Err  error  // nil, or the kind of the error
	Wait time.Duration
}

func (n Notice) String() string {
	text := n.From + " " + n.Type
	if n.Text != "" {
		text += ": " + n.Text
	}
	return text
}

// waitOf is until when something waits; 0: it does not, or for ever.
func waitOf(item *C.sgo_item) time.Duration {
	if item.wait < 0 {
		return 0
	}
	return time.Duration(item.wait) * time.Millisecond
}

// notices are told in order, on a goroutine that lasts as long as there are some: whoever is told may take his time.
type notices struct {
	tell    func(Notice)
	mu      sync.Mutex
	waiting []Notice
	teller  sync.WaitGroup
	isTold  bool // a goroutine tells them
}

func (n *notices) add(from, kind string, engine *engine, item *C.sgo_item) {
	notice := Notice{From: from, Type: kind, Text: engine.text(item.text), Code: int(item.code), Wait: waitOf(item)}
	if item.error != 0 {
		notice.Err = Kind(item.error)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = append(n.waiting, notice)
	if !n.isTold {
		n.isTold = true
		n.teller.Add(1)
		go n.tellAll()
	}
}

func (n *notices) tellAll() {
	defer n.teller.Done()
	for notice, found := n.next(); found; notice, found = n.next() {
		n.tell(notice)
	}
}

func (n *notices) next() (notice Notice, found bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.waiting) == 0 {
		n.isTold = false
		return notice, false
	}
	notice, n.waiting = n.waiting[0], n.waiting[1:]
	return notice, true
}

// encode gives bytes and texts as they are, and everything else as JSON.
func encode(value any) ([]byte, error) {
	switch value := value.(type) {
	case []byte:
		return value, nil
	case json.RawMessage:
		return value, nil
	case string:
		return []byte(value), nil
	}
	return json.Marshal(value)
}

// decode reads data of any format into a value, as package encoding/json does.
func decode(data []byte, format Format, value any) error {
	if format != JSON && format != Raw {
		var err error
		if data, err = Transcode(JSON, format, data); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, value)
}

// RouteShard is the shard that a guild belongs to.
func RouteShard(guildID uint64, shards uint32) uint32 {
	return uint32(C.spectacles_route_shard(C.uint64_t(guildID), C.uint32_t(shards)))
}

// Version is that of the library that is linked.
func Version() string {
	number := uint32(C.spectacles_version())
	return fmt.Sprintf("%d.%d.%d", number>>16, number>>8&255, number&255)
}

// Supports says whether the library was built with a feature: "tls", "json", "etf", "msgpack", "zlib-stream",
// "zstd-stream".
func Supports(feature string) bool {
	name := C.CString(feature)
	defer C.free(unsafe.Pointer(name))
	return C.spectacles_feature_supported(name) != 0
}
