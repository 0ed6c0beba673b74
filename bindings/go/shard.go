package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"io"
	"runtime"
	"strconv"
	"time"
)

// ShardConfig has the settings of a shard. Token is required; everything else has a default.
type ShardConfig struct {
	Token    string // without "Bot " in front
	URL      string // default GatewayURL
	Intents  Intents
	ShardID  uint32
	Shards   uint32 // of the whole bot; default 1
	Presence any    // the d of op 3: a value, or JSON
	Session  *Session

	Format      Format // JSON (default) or ETF
	Compression Compression
	Transport   Transport

	// Commits: the owner says by Commit which events are safe. After a loss Discord replays the others.
	Commits bool
	// ManualIdentify: the shard waits in IDENTIFY_WAIT for Identify, because several processes share the limit.
	ManualIdentify bool

	LargeThreshold uint32 // members; default 50
	Capabilities   uint64
	UserAgent      string
	MaxMessage     uint64 // bytes; default 32 MiB

	// Notify is told what happens by itself, one after the other. The shard waits for it meanwhile.
	Notify func(Notice)
}

func (s *scratch) shardConfig(config *ShardConfig) (*C.spectacles_shard_config, error) {
	made := one[C.spectacles_shard_config](s)
	C.spectacles_shard_config_init(made, C.sizeof_spectacles_shard_config)
	made.token, made.gateway_url = s.text(config.Token), s.text(or(config.URL, GatewayURL))
	made.shard_id, made.shard_count = C.uint32_t(config.ShardID), or(C.uint32_t(config.Shards), 1)
	made.intents, made.seed = C.uint64_t(config.Intents), C.spectacles_random_seed()
	made.session, made.user_agent = s.session(config.Session), s.text(config.UserAgent)
	made.format = or(C.uint32_t(config.Format), made.format)
	made.large_threshold = or(C.uint32_t(config.LargeThreshold), made.large_threshold)
	made.max_message = or(C.uint64_t(config.MaxMessage), made.max_message)
	made.capabilities = C.uint64_t(config.Capabilities)
	if int(config.Compression) >= len(compressions) {
		return nil, &Error{ErrInvalid, "there is no such compression"}
	}
	if config.Compression != CompressionBest {
		made.compression = compressions[config.Compression]
	}
	if config.Commits {
		made.flags |= C.SPECTACLES_SHARD_COMMITS
	}
	if config.Presence != nil {
		presence, err := encode(config.Presence)
		if err != nil {
			return nil, err
		}
		made.presence = s.text(string(presence))
	}
	return made, s.err
}

// or is the value, or a default in the place of a zero value.
func or[T comparable](value, otherwise T) T {
	var none T
	if value == none {
		return otherwise
	}
	return value
}

// Event is an event of Discord.
type Event struct {
	Name   string // "MESSAGE_CREATE"
	Data   []byte // its d, as it came
	Seq    uint64
	Format Format // of Data: JSON or ETF
}

// Decode reads the data into a value, as package encoding/json does, whatever the format is.
func (e *Event) Decode(value any) error { return decode(e.Data, e.Format, value) }

// Shard is one connection to Discord's gateway. It connects with the first Next, connects again and resumes by itself.
type Shard struct {
	core *shard
}

// shard is what the goroutine of a Shard refers to.
type shard struct {
	engine
	notices notices
	name    string
	events  *queue[Event]
	fresh   []Event
	names   names
	tickets waiters[struct{}]
	fatal   error
	gaps    uint64
}

// NewShard makes a shard. Nothing is connected before the first Next.
func NewShard(config ShardConfig) (*Shard, error) {
	var memory scratch
	defer memory.free()
	settings, err := memory.shardConfig(&config)
	transport := memory.transport(config.Transport)
	if err = first(err, memory.err); err != nil {
		return nil, err
	}
	out, problem := one[*C.sgo_engine](&memory), memory.problem()
	if err := check(C.sgo_shard_new(out, settings, transport, problem), problem); err != nil {
		return nil, err
	}
	if config.ManualIdentify {
		(*out).manual = 1
	}
	core := &shard{name: shardName(config.ShardID), names: names{}, notices: notices{tell: config.Notify}}
	core.init(*out, core)
	core.events = newQueue[Event](core.wake, core)
	made := &Shard{core}
	runtime.SetFinalizer(made, (*Shard).Close)
	return made, nil
}

// ---- the driver ----

func (s *shard) hasRoom() bool { return s.events.hasRoom() }

func (s *shard) prepare() {}

func (s *shard) take(item *C.sgo_item) {
	switch item._type {
	case C.SPECTACLES_SHARD_EVENT_DISPATCH:
		s.fresh = append(s.fresh, Event{s.names.of(s.bytes(item.name)), s.data(item.data), uint64(item.seq), Format(item.format)})
		return
	case C.SPECTACLES_SHARD_EVENT_SENT:
		s.tickets.answer(uint64(item.number), struct{}{}, nil)
	case C.SPECTACLES_SHARD_EVENT_UNSENT:
		s.tickets.answer(uint64(item.number), struct{}{}, &Error{ErrLost, "the connection ended before the packet was sent"})
	case C.SPECTACLES_SHARD_EVENT_FATAL:
		s.fatal = &FatalError{Kind(item.error), s.text(item.text), int(item.code)}
	case C.SPECTACLES_SHARD_EVENT_GAP:
		s.gaps++
	}
	if s.notices.tell != nil {
		kind := textAt(C.spectacles_shard_event_type_name(item._type))
		s.notices.add(s.name, kind, &s.engine, item)
	}
}

func (s *shard) deliver() {
	s.fresh = s.events.put(s.fresh)
}

func (s *shard) finish() {
	s.events.finish(first(s.fatal, io.EOF))
	s.tickets.refuse(closedError("shard"))
}

// ---- events ----

// Next waits for the next event of Discord. It returns io.EOF when the shard was stopped, a *FatalError when Discord will
// never accept its settings, and the error of the context when that ends first.
func (s *Shard) Next(ctx context.Context) (Event, error) {
	defer runtime.KeepAlive(s)
	if err := s.core.start(); err != nil {
		return Event{}, err
	}
	return s.core.events.next(ctx)
}

// do calls the library, with the handle.
func (s *Shard) do(call func(shard *C.spectacles_shard, memory *scratch) error) error {
	defer runtime.KeepAlive(s)
	var memory scratch
	defer memory.free()
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	if s.core.c == nil {
		return closedError("shard")
	}
	defer s.core.wake()
	return call(s.core.c.shard, &memory)
}

func (s *Shard) failed(code C.int) error {
	if code >= 0 {
		return nil
	}
	return failed(code, C.spectacles_shard_last_error(s.core.c.shard))
}

// ---- packets ----

// send makes a call that gives a ticket, and waits until the packet was handed to the socket.
func (s *Shard) send(ctx context.Context, call func(shard *C.spectacles_shard, memory *scratch, ticket *C.uint64_t) C.int) error {
	defer runtime.KeepAlive(s)
	var sent waiter[struct{}]
	err := s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		ticket := one[C.uint64_t](memory)
		err := s.failed(call(shard, memory, ticket))
		if err = first(memory.err, err); err == nil {
			sent = s.core.tickets.add(uint64(*ticket))
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = sent.wait(ctx, s.core)
	return err
}

// Send sends a packet, and returns when its bytes were handed to the socket. d is a value that becomes JSON, or JSON. Somebody
// has to call Next meanwhile. ErrAgain: the rate limit is used up. ErrState: the shard is not ready. ErrLost: the
// connection ended first.
func (s *Shard) Send(ctx context.Context, op uint32, d any) error {
	body, err := encode(d)
	if err != nil {
		return err
	}
	return s.send(ctx, func(shard *C.spectacles_shard, memory *scratch, ticket *C.uint64_t) C.int {
		bytes, length := memory.bytes(body)
		return C.spectacles_shard_send(shard, C.uint32_t(op), bytes, length, C.spectacles_now(), ticket)
	})
}

// VoiceState joins a voice channel, moves to it, or leaves (channelID 0), as Send does.
func (s *Shard) VoiceState(ctx context.Context, guildID, channelID uint64, mute, deaf bool) error {
	var flags C.uint32_t
	if mute {
		flags |= C.SPECTACLES_VOICE_SELF_MUTE
	}
	if deaf {
		flags |= C.SPECTACLES_VOICE_SELF_DEAF
	}
	return s.send(ctx, func(shard *C.spectacles_shard, _ *scratch, ticket *C.uint64_t) C.int {
		return C.spectacles_shard_send_voice_state(shard, C.uint64_t(guildID), C.uint64_t(channelID), flags, C.spectacles_now(), ticket)
	})
}

// MembersRequest asks for members of a guild: of those whose names begin with Query ("": all), or for UserIDs.
type MembersRequest struct {
	GuildID   uint64
	Query     string
	Limit     uint32 // 0, with an empty query: all
	Presences bool
	UserIDs   []uint64
	Nonce     string // comes back with the answer
}

func (s *scratch) membersRequest(request MembersRequest) *C.spectacles_members_request {
	made := one[C.spectacles_members_request](s)
	C.spectacles_members_request_init(made, C.sizeof_spectacles_members_request)
	made.guild_id, made.limit, made.presences = C.uint64_t(request.GuildID), C.uint32_t(request.Limit), flag(request.Presences)
	made.nonce = s.text(request.Nonce)
	if len(request.UserIDs) == 0 {
		made.query = s.notNil(request.Query)
		return made
	}
	ids, all := slice[C.uint64_t](s, len(request.UserIDs))
	for i, id := range request.UserIDs {
		all[i] = C.uint64_t(id)
	}
	made.user_ids, made.user_id_count = ids, C.size_t(len(all))
	return made
}

func flag(is bool) C.uint32_t {
	if is {
		return 1
	}
	return 0
}

// Packet is the d of op 8, for Gateway.Send and Broker.Send.
func (r *MembersRequest) Packet() ([]byte, error) {
	return output(func(out *C.spectacles_bytes, memory *scratch) error {
		problem := memory.problem()
		err := check(C.spectacles_members_request_write(out, memory.membersRequest(*r), problem), problem)
		return first(memory.err, err)
	})
}

// RequestMembers asks as Send does. GUILD_MEMBERS_CHUNK answers, or RATE_LIMITED.
func (s *Shard) RequestMembers(ctx context.Context, request MembersRequest) error {
	return s.send(ctx, func(shard *C.spectacles_shard, memory *scratch, ticket *C.uint64_t) C.int {
		return C.spectacles_shard_request_members(shard, memory.membersRequest(request), C.spectacles_now(), ticket)
	})
}

// Budget is how many packets Send would take now.
func (s *Shard) Budget() (count int) {
	s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		remaining := one[C.uint32_t](memory)
		C.spectacles_shard_budget(shard, C.spectacles_now(), remaining, nil)
		count = int(*remaining)
		return nil
	})
	return count
}

// SetPresence changes the presence: now, and with every identify from now on. d is the d of op 3.
func (s *Shard) SetPresence(d any) error {
	body, err := encode(d)
	if err != nil {
		return err
	}
	return s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		bytes, length := memory.bytes(body)
		return s.failed(C.spectacles_shard_set_presence(shard, bytes, length))
	})
}

// SetToken takes a token that was reset: every identify and every RESUME from now on has the new one.
func (s *Shard) SetToken(token string) error {
	return s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		text := memory.notNil(token)
		return first(memory.err, s.failed(C.spectacles_shard_set_token(shard, text)))
	})
}

// ---- the session ----

// Commit says that all events up to this sequence are safe (ShardConfig.Commits).
func (s *Shard) Commit(seq uint64) error {
	defer runtime.KeepAlive(s)
	s.core.mu.Lock()
	defer s.core.mu.Unlock()
	if s.core.c == nil {
		return closedError("shard")
	}
	return s.failed(C.spectacles_shard_commit(s.core.c.shard, C.uint64_t(seq)))
}

// Session is what another process can resume: store it. Nil: there is none.
func (s *Shard) Session() (session *Session) {
	s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		out := one[C.spectacles_session](memory)
		C.spectacles_session_init(out, C.sizeof_spectacles_session)
		if C.spectacles_shard_session(shard, out) >= 0 {
			session = sessionOf(out)
		}
		return nil
	})
	return session
}

// Identify grants the identify that the shard waits for (ShardConfig.ManualIdentify).
func (s *Shard) Identify() error {
	return s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		return s.failed(C.spectacles_shard_identify(shard, C.spectacles_now()))
	})
}

// Reconnect drops the connection, and resumes on a new one.
func (s *Shard) Reconnect() error {
	return s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		return s.failed(C.spectacles_shard_reconnect(shard, C.spectacles_now()))
	})
}

// HoldOff keeps the shard from connecting for a while: another one of the bot was refused for all of them.
func (s *Shard) HoldOff(wait time.Duration) {
	s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		C.spectacles_shard_hold_off(shard, C.spectacles_now()+C.uint64_t(wait.Milliseconds()))
		return nil
	})
}

// NetworkChanged says that the addresses or routes of this machine are others: a shard that waits tries again at once.
func (s *Shard) NetworkChanged() {
	s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		C.spectacles_shard_network_changed(shard, C.spectacles_now())
		return nil
	})
}

// ---- looking ----

// State is READY, BACKOFF and so on; "" when the shard is closed.
func (s *Shard) State() (state string) {
	s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		state = textAt(C.spectacles_shard_state_name(C.spectacles_shard_state(shard)))
		return nil
	})
	return state
}

// ShardStats is what a shard has counted since it was made.
type ShardStats struct {
	BytesReceived, BytesSent                           uint64
	BytesCompressed, BytesInflated                     uint64
	PayloadsReceived, PayloadsSent, PayloadsUnknown    uint64
	Dispatches, Connects, Reconnects                   uint64
	Identifies, Resumes, HeartbeatsLate, MessagesPlain uint64
	Latency                                            time.Duration // of the last heartbeat; 0: none yet
	Received, Committed                                uint64        // sequences of the session
	Gaps                                               uint64        // sessions that were lost
}

// Stats are the counters.
func (s *Shard) Stats() (stats ShardStats) {
	s.do(func(shard *C.spectacles_shard, memory *scratch) error {
		from := one[C.spectacles_shard_stats](memory)
		C.spectacles_shard_stats_init(from, C.sizeof_spectacles_shard_stats)
		C.spectacles_shard_get_stats(shard, from)
		stats = ShardStats{
			BytesReceived: uint64(from.bytes_received), BytesSent: uint64(from.bytes_sent),
			BytesCompressed: uint64(from.bytes_compressed), BytesInflated: uint64(from.bytes_inflated),
			PayloadsReceived: uint64(from.payloads_received), PayloadsSent: uint64(from.payloads_sent),
			PayloadsUnknown: uint64(from.payloads_unknown), Dispatches: uint64(from.dispatches),
			Connects: uint64(from.connects), Reconnects: uint64(from.reconnects),
			Identifies: uint64(from.identifies), Resumes: uint64(from.resumes),
			HeartbeatsLate: uint64(from.heartbeats_late), MessagesPlain: uint64(from.messages_plain),
			Latency:  time.Duration(from.latency) * time.Millisecond,
			Received: uint64(from.received), Committed: uint64(from.committed), Gaps: s.core.gaps,
		}
		return nil
	})
	return stats
}

// ---- the end ----

// Stop closes the connection in order, and returns at once; Next returns io.EOF when that is done. The code 0 keeps the
// session resumable for some minutes; 1000 ends it, and shows the bot offline.
func (s *Shard) Stop(code uint32) error {
	if err := s.core.start(); err != nil {
		return err
	}
	return s.do(func(shard *C.spectacles_shard, _ *scratch) error {
		return s.failed(C.spectacles_shard_close(shard, C.uint32_t(code), C.spectacles_now()))
	})
}

// Shutdown is Stop(0), waits until the connection is closed, and frees the shard. Events that come meanwhile are dropped.
func (s *Shard) Shutdown(ctx context.Context) error {
	defer s.Close()
	if err := s.Stop(0); err != nil {
		return err
	}
	return drain(ctx, s.Next)
}

// drain drops events until there are no more.
func drain[T any](ctx context.Context, next func(context.Context) (T, error)) error {
	for {
		_, err := next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Close frees the shard at once, without a word to Discord, which keeps the session for some minutes.
func (s *Shard) Close() error {
	runtime.SetFinalizer(s, nil)
	s.core.close()
	return nil
}

func shardName(id uint32) string { return "shard " + strconv.Itoa(int(id)) }
