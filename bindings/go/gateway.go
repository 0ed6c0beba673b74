package spectacles

// #include "engine.h"
import "C"

import (
	"context"
	"io"
	"runtime"
	"time"
	"unsafe"
)

// Gateway is a Spectacles gateway: the shards of a bot, and RabbitMQ behind them or the owner in its place. It connects with
// the first Next.
type Gateway struct {
	core *gateway
}

// gateway is what the goroutine of a Gateway refers to.
type gateway struct {
	engine
	events *queue[*GatewayEvent]
	fresh  []*GatewayEvent
	names  names
}

// NewGateway makes a gateway. Nothing is connected before the first Next.
func NewGateway(config GatewayConfig) (*Gateway, error) {
	var memory scratch
	defer memory.free()
	settings, err := memory.gatewayConfig(&config)
	if err != nil {
		return nil, err
	}
	state, err := memory.state(&config)
	if err != nil {
		return nil, err
	}
	defer C.spectacles_state_free(state)
	settings.state = state
	transport, brokerTransport := memory.transport(config.Transport), memory.transport(config.brokerTransport())
	if memory.err != nil {
		return nil, memory.err
	}
	out, problem := one[*C.sgo_engine](&memory), memory.problem()
	if err := check(C.sgo_gateway_new(out, settings, transport, brokerTransport, problem), problem); err != nil {
		return nil, err
	}
	core := &gateway{names: names{}}
	core.init(*out, core)
	core.events = newQueue[*GatewayEvent](core.wake, core)
	made := &Gateway{core}
	runtime.SetFinalizer(made, (*Gateway).Close)
	return made, nil
}

func (c *GatewayConfig) brokerTransport() Transport {
	if c.Broker == nil {
		return c.Transport
	}
	return c.Broker.Transport
}

// ---- the driver ----

func (g *gateway) hasRoom() bool { return g.events.hasRoom() }

func (g *gateway) prepare() {}

func (g *gateway) take(item *C.sgo_item) { g.fresh = append(g.fresh, g.event(item)) }

func (g *gateway) deliver() { g.fresh = g.events.put(g.fresh) }

func (g *gateway) finish() { g.events.finish(io.EOF) }

// do calls the library, with the handle.
func (g *gateway) do(call func(gateway *C.spectacles_gateway, memory *scratch) error) error {
	var memory scratch
	defer memory.free()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.c == nil {
		return closedError("gateway")
	}
	return call(g.c.gateway, &memory)
}

// change is do, and what came of it leaves at once.
func (g *gateway) change(call func(gateway *C.spectacles_gateway, memory *scratch) error) error {
	defer g.wake()
	return g.do(call)
}

func (g *gateway) failed(code C.int) error {
	if code >= 0 {
		return nil
	}
	return failed(code, C.spectacles_gateway_last_error(g.c.gateway))
}

// acknowledge wakes nobody up: nothing is sent for it. What waits for room in the window is looked at soon.
func (g *gateway) acknowledge(ticket uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.c == nil {
		return closedError("gateway")
	}
	defer g.wakeSoon()
	return g.failed(C.spectacles_gateway_acknowledge(g.c.gateway, C.uint64_t(ticket)))
}

// ---- events ----

// Next waits for the next event. It returns io.EOF when the gateway has stopped, and the error of the context when that ends
// first.
func (g *Gateway) Next(ctx context.Context) (*GatewayEvent, error) {
	defer runtime.KeepAlive(g)
	if err := g.core.start(); err != nil {
		return nil, err
	}
	return g.core.events.next(ctx)
}

// ---- what an owner may do ----

// Send sends a packet to Discord within the rate limit. EventCommandSent or EventCommandRejected with the ticket is the
// answer. d is a value that becomes JSON, or JSON.
func (g *Gateway) Send(shardID, op uint32, d any) (ticket uint64, err error) {
	defer runtime.KeepAlive(g)
	body, err := encode(d)
	if err != nil {
		return 0, err
	}
	err = g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		bytes, length := memory.bytes(body)
		out := one[C.uint64_t](memory)
		err := g.core.failed(C.spectacles_gateway_send(gateway, C.uint32_t(shardID), C.uint32_t(op), bytes, length, out))
		ticket = uint64(*out)
		return err
	})
	return ticket, err
}

// SetPresence changes the presence of all shards. d is the d of op 3.
func (g *Gateway) SetPresence(d any) error {
	return g.withBytes(d, func(gateway *C.spectacles_gateway, bytes *C.uint8_t, length C.size_t) C.int {
		return C.spectacles_gateway_set_presence(gateway, bytes, length)
	})
}

// SetShardPresence changes the presence of one shard.
func (g *Gateway) SetShardPresence(shardID uint32, d any) error {
	return g.withBytes(d, func(gateway *C.spectacles_gateway, bytes *C.uint8_t, length C.size_t) C.int {
		return C.spectacles_gateway_set_shard_presence(gateway, C.uint32_t(shardID), bytes, length)
	})
}

func (g *Gateway) withBytes(d any, call func(*C.spectacles_gateway, *C.uint8_t, C.size_t) C.int) error {
	defer runtime.KeepAlive(g)
	body, err := encode(d)
	if err != nil {
		return err
	}
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		bytes, length := memory.bytes(body)
		return g.core.failed(call(gateway, bytes, length))
	})
}

// SetToken takes a token that was reset: every login from now on has the new one. The state has changed too: store it soon.
func (g *Gateway) SetToken(token string) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		text := memory.notNil(token)
		return first(memory.err, g.core.failed(C.spectacles_gateway_set_token(gateway, text)))
	})
}

// SetBrokerURLs takes a password that was changed, or nodes that moved: the next connections are made with these URLs.
func (g *Gateway) SetBrokerURLs(urls ...string) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		texts, count := memory.texts(urls)
		if memory.err != nil {
			return memory.err
		}
		return g.core.failed(C.spectacles_gateway_set_broker_urls(gateway, texts, count, C.spectacles_now()))
	})
}

// SetEvents replaces the names of the events that are published, or handed out.
func (g *Gateway) SetEvents(events ...string) error { return g.setAllow(events, false) }

// SetAllEvents publishes every event, or hands it out.
func (g *Gateway) SetAllEvents() error { return g.setAllow(nil, true) }

func (g *Gateway) setAllow(events []string, all bool) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		texts, count := memory.texts(events)
		if memory.err != nil {
			return memory.err
		}
		return g.core.failed(C.spectacles_gateway_set_allow(gateway, texts, count, flag(all)))
	})
}

// SetLatencyBudget changes for how long what arrives may wait, so that much is read at once.
func (g *Gateway) SetLatencyBudget(budget time.Duration) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		return g.core.failed(C.spectacles_gateway_set_latency_budget(gateway, C.uint32_t(budget.Milliseconds())))
	})
}

// SetLimits takes a fresh answer of GET /gateway/bot.
func (g *Gateway) SetLimits(answer *GatewayBot) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		return g.core.failed(C.spectacles_gateway_set_limits(gateway, answer.read(memory), C.spectacles_now()))
	})
}

// NetworkChanged says that the addresses or routes of this machine are others: who waits tries again at once. On Linux the
// gateway hears of it by itself.
func (g *Gateway) NetworkChanged() {
	defer runtime.KeepAlive(g)
	g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		C.spectacles_gateway_network_changed(gateway, C.spectacles_now())
		return nil
	})
}

// ---- shards that come and go ----

// AddShard adds a shard, with the session that it resumes, or nil.
func (g *Gateway) AddShard(shardID uint32, session *Session) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, memory *scratch) error {
		resumed, problem := memory.session(session), memory.problem()
		if memory.err != nil {
			return memory.err
		}
		return check(C.spectacles_gateway_add_shard(gateway, C.uint32_t(shardID), resumed, nil, 0, problem), problem)
	})
}

// RemoveShard takes a shard out in order. EventShardRemoved says when that is done, and where its session can be resumed. The
// code 0 keeps the session.
func (g *Gateway) RemoveShard(shardID, code uint32) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		return g.core.failed(C.spectacles_gateway_remove_shard(gateway, C.uint32_t(shardID), C.uint32_t(code), C.spectacles_now()))
	})
}

// DropShard lets go of a shard at once, without a word to Discord.
func (g *Gateway) DropShard(shardID uint32) error {
	defer runtime.KeepAlive(g)
	return g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		return g.core.failed(C.spectacles_gateway_drop_shard(gateway, C.uint32_t(shardID)))
	})
}

// ShardIDs are those of the shards that are served.
func (g *Gateway) ShardIDs() (ids []uint32) {
	defer runtime.KeepAlive(g)
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		count := one[C.size_t](memory)
		shards := C.spectacles_gateway_shards(gateway, count)
		for _, shard := range unsafe.Slice(shards, int(*count)) {
			ids = append(ids, uint32(C.spectacles_shard_id(shard)))
		}
		return nil
	})
	return ids
}

// ---- state ----

// State gives the sessions and gaps, and whether they have changed since the last call. Store them every few seconds, on
// EventShardReady and EventShardGap, and when the gateway has stopped; the next process has them as GatewayConfig.State.
func (g *Gateway) State() (state []byte, changed bool, err error) {
	defer runtime.KeepAlive(g)
	state, err = output(func(out *C.spectacles_bytes, _ *scratch) error {
		return g.core.do(func(gateway *C.spectacles_gateway, _ *scratch) error {
			taken := C.spectacles_gateway_take_state(gateway, C.spectacles_unix_time())
			if taken < 0 {
				return Kind(taken)
			}
			changed = taken > 0
			return g.core.failed(C.spectacles_gateway_write_state(gateway, out))
		})
	})
	return state, changed, err
}

// StateStored says that what State gave last is stored: see HoldNewSessions and StoredHeartbeats of GatewayConfig.
func (g *Gateway) StateStored() {
	defer runtime.KeepAlive(g)
	g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		C.spectacles_gateway_state_stored(gateway)
		return nil
	})
}

// Session is that of a shard; nil: it has none.
func (g *Gateway) Session(shardID uint32) (session *Session) {
	defer runtime.KeepAlive(g)
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		out := one[C.spectacles_session](memory)
		C.spectacles_session_init(out, C.sizeof_spectacles_session)
		if C.spectacles_gateway_session(gateway, C.uint32_t(shardID), out) >= 0 {
			session = sessionOf(out)
		}
		return nil
	})
	return session
}

// ---- the end ----

// Stop stops in order, and returns at once: Next returns io.EOF when everything is closed. The code 0 keeps the sessions
// resumable.
func (g *Gateway) Stop(code uint32) error {
	defer runtime.KeepAlive(g)
	if err := g.core.start(); err != nil {
		return err
	}
	return g.core.change(func(gateway *C.spectacles_gateway, _ *scratch) error {
		return g.core.failed(C.spectacles_gateway_stop(gateway, C.uint32_t(code), C.spectacles_now()))
	})
}

// Shutdown is Stop(0), waits until everything is closed, and frees the gateway. Events that come meanwhile are dropped, and
// not acknowledged.
func (g *Gateway) Shutdown(ctx context.Context) error {
	defer g.Close()
	if err := g.Stop(0); err != nil {
		return err
	}
	return drain(ctx, g.Next)
}

// Close frees the gateway at once. Discord keeps the sessions for some minutes.
func (g *Gateway) Close() error {
	runtime.SetFinalizer(g, nil)
	g.core.close()
	return nil
}
