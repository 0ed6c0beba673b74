package spectacles

// #include "engine.h"
import "C"

import "time"

// GatewayConfig has the settings of a gateway. Token and either Events or AllEvents are required.
type GatewayConfig struct {
	Token    string // without "Bot " in front
	URL      string // default GatewayURL
	Intents  Intents
	Shards   uint32   // of the whole bot; default 1
	ShardIDs []uint32 // those that are served here; default: all of them
	NoShards bool     // begins without shards: AddShard
	Presence any      // the d of op 3: a value, or JSON

	// Events are the names of those that are published, or handed out.
	Events    []string
	AllEvents bool
	// Broker publishes the events and consumes commands. Nil: there is no RabbitMQ, and events come as EventMessage.
	Broker *BrokerConfig

	Format          Format // of Discord: JSON (default) or ETF
	Compression     Compression
	Transport       Transport
	MaxConcurrency  uint32        // identifies that may go out at a time; default 1; SetLimits knows better
	LatencyBudget   time.Duration // for which what arrives may wait, so that much is read at once
	DrainTime       time.Duration // that Stop waits for acknowledgements, without a broker; default 5 s
	UnroutableHold  time.Duration // how long events of a name are held back when no queue takes them; 0: not at all
	CommandTimeout  time.Duration // that a packet may wait for a shard that is served elsewhere; 0: for ever
	CommandPrefetch uint32        // packets of a shard that are not acknowledged at a time; default 16

	// State is what State of a former process gave.
	State []byte
	// HoldNewSessions: nothing of a new session leaves before StateStored has said that it is stored.
	HoldNewSessions bool
	// StoredHeartbeats: heartbeats carry the sequences that are stored, so that a successor may resume from them.
	StoredHeartbeats bool
}

func (s *scratch) gatewayConfig(config *GatewayConfig) (*C.spectacles_gateway_config, error) {
	made := one[C.spectacles_gateway_config](s)
	C.spectacles_gateway_config_init(made, C.sizeof_spectacles_gateway_config)
	made.flags = C.SPECTACLES_GATEWAY_RESOLVES
	if config.NoShards {
		made.flags |= C.SPECTACLES_GATEWAY_NO_SHARDS
	}
	shard, err := s.shardConfig(&ShardConfig{Token: config.Token, URL: config.URL, Intents: config.Intents, Shards: config.Shards,
		Presence: config.Presence, Format: config.Format, Compression: config.Compression})
	if err != nil {
		return nil, err
	}
	if config.StoredHeartbeats {
		shard.flags |= C.SPECTACLES_SHARD_STORED_HEARTBEATS
	}
	made.shard, made.relay = shard, s.relayConfig(config)
	if len(config.ShardIDs) > 0 {
		ids, all := slice[C.uint32_t](s, len(config.ShardIDs))
		for i, id := range config.ShardIDs {
			all[i] = C.uint32_t(id)
		}
		made.shard_ids, made.shard_id_count = ids, C.size_t(len(all))
	}
	if config.Broker != nil {
		if made.broker, err = s.brokerConfig(config.Broker); err != nil {
			return nil, err
		}
	}
	poller := one[C.spectacles_poller_config](s)
	C.spectacles_poller_config_init(poller, C.sizeof_spectacles_poller_config)
	poller.latency_budget = C.uint32_t(config.LatencyBudget.Milliseconds())
	made.poller = poller
	return made, s.err
}

func (s *scratch) relayConfig(config *GatewayConfig) *C.spectacles_relay_config {
	made := one[C.spectacles_relay_config](s)
	C.spectacles_relay_config_init(made, C.sizeof_spectacles_relay_config)
	made.allow, made.allow_count = s.texts(config.Events)
	made.allow_all = flag(config.AllEvents)
	made.max_concurrency = or(C.uint32_t(config.MaxConcurrency), made.max_concurrency)
	made.command_prefetch = or(C.uint32_t(config.CommandPrefetch), made.command_prefetch)
	made.drain_timeout = or(C.uint32_t(config.DrainTime.Milliseconds()), made.drain_timeout)
	made.unroutable_hold = C.uint32_t(config.UnroutableHold.Milliseconds())
	made.command_timeout = C.uint32_t(config.CommandTimeout.Milliseconds())
	made.unix_offset = C.spectacles_unix_time() - C.spectacles_now()
	made.flags = C.SPECTACLES_RELAY_BROKERS_FIRST
	if config.HoldNewSessions {
		made.flags |= C.SPECTACLES_RELAY_HOLDS_NEW_SESSIONS
	}
	return made
}

// state is what a former process has stored, or empty. Free it.
func (s *scratch) state(config *GatewayConfig) (*C.spectacles_state, error) {
	settings := one[C.spectacles_state_config](s)
	C.spectacles_state_config_init(settings, C.sizeof_spectacles_state_config)
	settings.shard_count, settings.intents = or(C.uint32_t(config.Shards), 1), C.uint64_t(config.Intents)
	settings.token = s.text(config.Token)
	out, problem := one[*C.spectacles_state](s), s.problem()
	if err := check(C.spectacles_state_new(out, settings, problem), problem); err != nil {
		return nil, err
	}
	if config.State == nil {
		return *out, nil
	}
	bytes, length := s.bytes(config.State)
	if err := check(C.spectacles_state_read(*out, bytes, length, C.spectacles_unix_time(), problem), problem); err != nil {
		C.spectacles_state_free(*out)
		return nil, err
	}
	return *out, nil
}
