//! Engines from memory, with an invented clock: no socket is opened.
use spectacles::{
    broker, relay, shard, Broker, BrokerConfig, ErrorKind, Format, Gap, Gateway, GatewayConfig, Intents, Message,
    Relay, RelayConfig, Session, Shard, ShardConfig, State, Subscription, Time,
};
use std::thread;

const URL: &str = "wss://gateway.discord.gg";

fn shard() -> Shard {
    Shard::new(&ShardConfig::new("a.bot.token", URL).seed(1).commits(true)).unwrap()
}

fn broker() -> Broker {
    Broker::new(&BrokerConfig::new(["amqp://guest:guest@localhost"]).seed(1)).unwrap()
}

fn at(milliseconds: u64) -> Time {
    Time::from_millis(milliseconds)
}

#[test]
fn a_shard_says_where_it_wants_to_be_connected_and_why_it_was_not() {
    let mut shard = shard();
    let (event, _) = shard.next_event(at(1)).unwrap();
    assert!(matches!(event.kind(), shard::Kind::Connecting { host: "gateway.discord.gg:443" }));
    assert!(shard.next_event(at(1)).is_none());
    let endpoint = shard.stream().endpoint().unwrap();
    assert_eq!((endpoint.host.as_str(), endpoint.port, endpoint.tls), ("gateway.discord.gg", 443, true));
    shard.stream().eof(Some(ErrorKind::Unreachable), "nobody is there", at(2));
    let (event, of) = shard.next_event(at(2)).unwrap();
    let loss = match event.kind() {
        shard::Kind::Disconnected(loss) => loss,
        other => panic!("{other:?}"),
    };
    assert_eq!(loss.error, Some(ErrorKind::Unreachable));
    assert!(loss.text.contains("nobody is there") && loss.until > at(2), "{loss:?}");
    assert_eq!(of.state(), shard::ShardState::Backoff);
}

#[test]
fn bytes_go_both_ways() {
    let mut shard = shard();
    while shard.next_event(at(1)).is_some() {}
    shard.stream().opened(at(2)).unwrap();
    while shard.next_event(at(2)).is_some() {}
    let mut stream = shard.stream();
    assert!(stream.pending().starts_with(b"GET /?"), "{:?}", stream.pending());
    stream.consumed(usize::MAX);
    assert_eq!(stream.pending(), b"");
    stream.feed(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", at(3)).unwrap();
    let told = std::iter::from_fn(|| shard.next_event(at(3)).map(|(event, _)| event.to_string())).collect::<String>();
    assert!(told.contains("403"), "{told}");
}

#[test]
fn a_call_in_the_wrong_state_carries_the_sentence() {
    let error = shard().send(3, b"{}", at(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(!error.to_string().is_empty());
    let error = shard().commit(5).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::State | ErrorKind::Invalid), "{error:?}");
}

#[test]
fn a_wrong_setting_says_which_and_shows_no_secret() {
    let error =
        Broker::new(&BrokerConfig::new(["amqp://localhost", "amqp://u:secret-word@localhost:99999"])).unwrap_err();
    assert_eq!((error.kind(), error.index()), (ErrorKind::Invalid, 1));
    assert!(error.to_string().contains("port"), "{error}");
    let config = BrokerConfig::new(["amqp://u:secret-word@localhost"]);
    assert!(!format!("{error:?} {config:?}").contains("secret-word"));
    let config = ShardConfig::new("a.bot.token", URL);
    assert!(!format!("{config:?}").contains("a.bot.token"));
    let error = Shard::new(&ShardConfig::new("a\0b", URL)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn a_window_that_is_full_says_so() {
    let broker = Broker::new(&BrokerConfig::new(["amqp://localhost"]).window_count(2)).unwrap();
    assert_eq!(broker.publish(&Message::new("KEY", b"1").format(Format::Json).message_id("1")).unwrap(), 1);
    assert_eq!(broker.publish(&Message::new("KEY", b"2").header("n", broker::HeaderValue::Integer(2))).unwrap(), 2);
    assert!(!broker.room());
    assert_eq!(broker.publish(&Message::new("KEY", b"3")).unwrap_err().kind(), ErrorKind::Again);
    assert_eq!(broker.stats().unconfirmed, 2);
    let error = broker.publish(&Message::new("KEY", b"").message_id("a\0b")).unwrap_err();
    assert!(error.to_string().contains("NUL"), "{error}");
}

#[test]
fn a_broker_closes_at_once_when_it_was_never_connected() {
    let mut broker = broker();
    assert_eq!(broker.subscribe(&Subscription::new("MESSAGE_CREATE").subgroup("a")).unwrap(), 0);
    assert!(broker.subscribe(&Subscription::new("")).is_err());
    broker.close(at(5));
    let mut told = Vec::new();
    for now in 0..20_000 {
        while let Some((event, _)) = broker.next_event(at(5 + now)) {
            told.push(event.to_owned());
        }
        if broker.state() == broker::BrokerState::Closed {
            break;
        }
        broker.stream().expire(at(6 + now)).unwrap();
    }
    assert!(matches!(told.last().unwrap().get().kind(), broker::Kind::Closed { unconfirmed: 0 }), "{told:?}");
}

#[test]
fn a_relay_owns_its_engines() {
    let config = RelayConfig::new().shard_count(1).allow(["MESSAGE_CREATE"]);
    let mut relay = Relay::new(&config, vec![shard()], Some((broker(), broker()))).unwrap();
    let mut told = Vec::new();
    while let Some((event, _)) = relay.next_event(at(1)) {
        told.push(event.event_type());
    }
    assert!(told.contains(&relay::EventType::ShardConnecting), "{told:?}");
    assert!(told.contains(&relay::EventType::BrokerConnecting), "{told:?}");
    assert_eq!(relay.shard_stream(0).unwrap().endpoint().unwrap().port, 443);
    assert_eq!(relay.broker_stream(relay::Side::Commands).unwrap().endpoint().unwrap().port, 5672);
    assert!(relay.shard_stream(1).is_none());
    relay.drop_shard(0).unwrap();
    assert_eq!(relay.remove_shard(0, 0, at(2)).unwrap_err().kind(), ErrorKind::Invalid);
    thread::spawn(move || drop(relay)).join().unwrap();
}

#[test]
fn a_gateway_without_links_gives_its_streams() {
    let shard = || ShardConfig::new("a.bot.token", URL).shard_count(2);
    let config = GatewayConfig::new(shard()).relay(RelayConfig::new().allow_all()).resolves(false);
    let mut gateway = Gateway::new(&config.clone().without_links()).unwrap();
    assert_eq!(gateway.shard_ids(), [0, 1]);
    assert!(gateway.fd().is_none() && gateway.wait(Time::NEVER).is_err());
    let (event, _) = gateway.next_event(at(1)).unwrap();
    assert!(event.to_string().contains("shard"), "{event}");
    assert!(gateway.shard_stream(1).is_some() && gateway.shard_stream(2).is_none());
    let mut linked = Gateway::new(&config).unwrap();
    assert!(linked.shard_stream(1).is_none(), "its links move the bytes");
    assert_eq!(gateway.acknowledge(7).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!((gateway.stats().shards, gateway.op_stats(0).unwrap().dispatches), (2, 0));
    assert!(gateway.broker_stats(relay::Side::Events).is_none());
}

#[test]
fn what_a_gateway_stores_another_one_resumes() {
    let session = Session {
        shard_id: 0,
        shard_count: 1,
        seq: 41,
        session_id: "abc".to_owned(),
        resume_url: "wss://resume.discord.gg".to_owned(),
        format: Format::Json,
    };
    let gap = Gap {
        shard_id: 0,
        seq: 7,
        next: 1,
        unix_time: 0,
        old_session_id: Some("old".to_owned()),
        new_session_id: Some("abc".to_owned()),
    };
    let state = State::new("a.bot.token", 1, Intents::GUILDS).unwrap();
    assert!(state.set(0, Some(&session), std::slice::from_ref(&gap), 1_000).unwrap());
    let bytes = state.write().unwrap();
    let read = State::new("a.bot.token", 1, Intents::GUILDS).unwrap();
    read.read(&bytes, 2_000).unwrap();
    assert_eq!((read.session(0).as_ref(), read.gaps(0)), (Some(&session), vec![gap.clone()]));
    assert_eq!((read.shard_ids(), read.time(0)), (vec![0], 1_000));
    let shard = ShardConfig::new("a.bot.token", URL).intents(Intents::GUILDS);
    let relay = RelayConfig::new().allow(["MESSAGE_CREATE"]);
    let gateway = Gateway::new(&GatewayConfig::new(shard).relay(relay).state(&read).without_links()).unwrap();
    assert_eq!((gateway.session(0), gateway.gaps(0)), (Some(session), vec![gap]));
    gateway.take_state(3_000).unwrap();
    assert_eq!(State::open(&gateway.write_state().unwrap()).unwrap().session(0).unwrap().seq, 41);
    let torn = read.read(&bytes[..bytes.len() / 2], 4_000).unwrap_err();
    assert_eq!(torn.kind(), ErrorKind::Protocol);
}

#[test]
fn an_event_that_was_copied_goes_to_another_thread() {
    let mut shard = shard();
    let copy = shard.next_event(at(1)).map(|(event, _)| event.to_owned()).unwrap();
    drop(shard);
    let shown = thread::spawn(move || copy.get().to_string()).join().unwrap();
    assert_eq!(shown, "CONNECTING gateway.discord.gg:443");
}
