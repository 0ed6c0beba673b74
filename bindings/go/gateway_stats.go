package spectacles

// #include "engine.h"
import "C"

import (
	"runtime"
	"time"
)

// GatewayStats is what a gateway has counted since it was made. Fields with "now" behind them can fall.
type GatewayStats struct {
	Shards, Ready                               uint64 // now
	Received, Filtered, Published, Confirmed    uint64
	Unconfirmed                                 uint64 // now
	Unroutable, Copies                          uint64
	GapsSessions, GapsUnknown, GapsDispatches   uint64
	Commands, Routed, Sent, Rejected, Limited   uint64
	Identifies, IdentifiesTotal, IdentifiesLeft uint64
	Connects, Disconnects, Resumes, Resumed     uint64
	HeartbeatsLate, WindowFull                  uint64
	FullTime, BlockedTime, ConfirmTime          time.Duration
	BytesReceived, BytesSent                    uint64
	BytesCompressed, BytesInflated              uint64
	PayloadsReceived, PayloadsSent              uint64
	BrokerConnects, Republished                 uint64
	BrokerBytesReceived, BrokerBytesSent        uint64
	SurrogatesReplaced                          uint64
	ConfirmLatency                              [C.SPECTACLES_RELAY_LATENCY_COUNT]uint64 // within 1, 2, 4 .. milliseconds; the last one: longer
}

// Stats are the counters, shards that were removed included.
func (g *Gateway) Stats() (stats GatewayStats) {
	defer runtime.KeepAlive(g)
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		from := one[C.spectacles_gateway_stats](memory)
		C.spectacles_gateway_stats_init(from, C.sizeof_spectacles_gateway_stats)
		C.spectacles_gateway_get_stats(gateway, from)
		stats = gatewayStats(from)
		return nil
	})
	return stats
}

func gatewayStats(from *C.spectacles_gateway_stats) GatewayStats {
	made := GatewayStats{
		Shards: uint64(from.shards), Ready: uint64(from.ready), Received: uint64(from.received), Filtered: uint64(from.filtered),
		Published: uint64(from.published), Confirmed: uint64(from.confirmed), Unconfirmed: uint64(from.unconfirmed),
		Unroutable: uint64(from.unroutable), Copies: uint64(from.copies), GapsSessions: uint64(from.gaps_sessions),
		GapsUnknown: uint64(from.gaps_unknown), GapsDispatches: uint64(from.gaps_dispatches), Commands: uint64(from.commands),
		Routed: uint64(from.routed), Sent: uint64(from.sent), Rejected: uint64(from.rejected), Limited: uint64(from.limited),
		Identifies: uint64(from.identifies), IdentifiesTotal: uint64(from.identifies_total), IdentifiesLeft: uint64(from.identifies_left),
		Connects: uint64(from.connects), Disconnects: uint64(from.disconnects), Resumes: uint64(from.resumes),
		Resumed: uint64(from.resumed), HeartbeatsLate: uint64(from.heartbeats_late), WindowFull: uint64(from.window_full),
		FullTime: milliseconds(from.full_time), BlockedTime: milliseconds(from.blocked_time), ConfirmTime: milliseconds(from.confirm_time),
		BytesReceived: uint64(from.bytes_received), BytesSent: uint64(from.bytes_sent), BytesCompressed: uint64(from.bytes_compressed),
		BytesInflated: uint64(from.bytes_inflated), PayloadsReceived: uint64(from.payloads_received),
		PayloadsSent: uint64(from.payloads_sent), BrokerConnects: uint64(from.broker_connects), Republished: uint64(from.republished),
		BrokerBytesReceived: uint64(from.broker_bytes_received), BrokerBytesSent: uint64(from.broker_bytes_sent),
		SurrogatesReplaced: uint64(from.surrogates_replaced),
	}
	for i, count := range from.confirm_latency {
		made.ConfirmLatency[i] = uint64(count)
	}
	return made
}

func milliseconds(count C.uint64_t) time.Duration { return time.Duration(count) * time.Millisecond }

// GatewayShardStats is what is counted of one shard, and how it stands now.
type GatewayShardStats struct {
	State                          string // "READY"
	Received, Committed, Stored    uint64 // sequences
	Unconfirmed, Packets, Gaps     uint64
	Latency                        time.Duration
	Connects, Identifies, Resumes  uint64
	HeartbeatsLate                 uint64
	BytesReceived, BytesInflated   uint64
	PayloadsReceived, PayloadsSent uint64
}

// ShardStats are the counters of one shard.
func (g *Gateway) ShardStats(shardID uint32) (stats GatewayShardStats, err error) {
	defer runtime.KeepAlive(g)
	err = g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		from := one[C.spectacles_gateway_shard_stats](memory)
		C.spectacles_gateway_shard_stats_init(from, C.sizeof_spectacles_gateway_shard_stats)
		if C.spectacles_gateway_get_shard_stats(gateway, C.uint32_t(shardID), from) < 0 {
			return &Error{ErrInvalid, shardName(shardID) + " is not served here"}
		}
		stats = GatewayShardStats{State: textAt(C.spectacles_shard_state_name(from.state)), Received: uint64(from.received),
			Committed: uint64(from.committed), Stored: uint64(from.stored), Unconfirmed: uint64(from.unconfirmed),
			Packets: uint64(from.packets), Gaps: uint64(from.gaps), Latency: milliseconds(from.latency),
			Connects: uint64(from.connects), Identifies: uint64(from.identifies), Resumes: uint64(from.resumes),
			HeartbeatsLate: uint64(from.heartbeats_late), BytesReceived: uint64(from.bytes_received),
			BytesInflated: uint64(from.bytes_inflated), PayloadsReceived: uint64(from.payloads_received),
			PayloadsSent: uint64(from.payloads_sent)}
		return nil
	})
	return stats, err
}

// BrokerStats are the counters of one of the connections to RabbitMQ.
func (g *Gateway) BrokerStats(role BrokerRole) (stats BrokerStats) {
	defer runtime.KeepAlive(g)
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		if broker := C.spectacles_gateway_broker(gateway, C.uint32_t(role)); broker != nil {
			stats = brokerStats(broker, memory)
		}
		return nil
	})
	return stats
}

// EventCounts says how often dispatches of each name were received.
func (g *Gateway) EventCounts() map[string]uint64 {
	defer runtime.KeepAlive(g)
	counts := map[string]uint64{}
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		name, count := one[*C.char](memory), one[C.uint64_t](memory)
		for i := C.size_t(0); C.spectacles_gateway_event_count(gateway, i, name, count) != 0; i++ {
			counts[textAt(*name)] = uint64(*count)
		}
		return nil
	})
	return counts
}

// CloseCounts says how often connections of shards have ended with each code.
func (g *Gateway) CloseCounts() map[int]uint64 {
	defer runtime.KeepAlive(g)
	counts := map[int]uint64{}
	g.core.do(func(gateway *C.spectacles_gateway, memory *scratch) error {
		code, count := one[C.uint32_t](memory), one[C.uint64_t](memory)
		for i := C.size_t(0); C.spectacles_gateway_close_count(gateway, i, code, count) != 0; i++ {
			counts[int(*code)] = uint64(*count)
		}
		return nil
	})
	return counts
}
