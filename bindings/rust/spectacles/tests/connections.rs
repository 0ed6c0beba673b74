//! Connections over sockets of this machine, driven by hand and by tokio.
#![cfg(feature = "tokio")]
use spectacles::{broker, Async, Broker, BrokerConfig, Connection, Gateway, GatewayConfig, LinkConfig};
use spectacles::{relay, RelayConfig, ShardConfig, Time};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;
use tokio::time::timeout;

/// Listens, and never says a word.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Nobody listens there.
fn closed_port() -> u16 {
    silent().1
}

fn connection(port: u16) -> Connection<Broker> {
    let url = format!("amqp://guest:guest@localhost:{port}");
    Broker::new(&BrokerConfig::new([url])).unwrap().connect(&LinkConfig::new()).unwrap()
}

fn gateway(port: u16) -> Gateway {
    let shard = ShardConfig::new("a.bot.token", &format!("ws://127.0.0.1:{port}"));
    Gateway::new(&GatewayConfig::new(shard).relay(RelayConfig::new().allow_all())).unwrap()
}

#[test]
fn a_loop_of_its_own_waits_for_events() {
    let mut connection = connection(closed_port());
    loop {
        let (event, _) = connection.next().unwrap().unwrap();
        if let broker::Kind::Disconnected(loss) = event.kind() {
            assert!(loss.text.contains("refused"), "{loss:?}");
            break;
        }
    }
    connection.close(Time::now());
    while connection.next().unwrap().is_some() {}
    assert!(connection.is_over());
}

async fn disconnected(connection: &mut Async<Connection<Broker>>) {
    while let Some((event, _)) = connection.next().await.unwrap() {
        if let broker::Kind::Disconnected(_) = event.kind() {
            return;
        }
    }
    panic!("the connection has ended");
}

#[tokio::test]
async fn tokio_drives_a_connection_to_its_end() {
    let mut connection = connection(closed_port()).into_async().unwrap();
    disconnected(&mut connection).await;
    disconnected(&mut connection).await; // by the timer
    connection.close(Time::now());
    while connection.next().await.unwrap().is_some() {}
    assert!(connection.next().await.unwrap().is_none(), "it stays at its end");
}

#[tokio::test]
async fn who_waits_may_be_cancelled_at_any_time() {
    let (_listener, port) = silent();
    let mut connection = connection(port).into_async().unwrap();
    let mut told = 0;
    for _ in 0..50 {
        if let Ok(next) = timeout(Duration::from_millis(1), connection.next()).await {
            told += u32::from(next.unwrap().is_some());
        }
    }
    assert_eq!(told, 1, "that it connects is told once");
    assert!(matches!(connection.state(), broker::BrokerState::Connecting | broker::BrokerState::Handshake));
}

#[tokio::test]
async fn a_gateway_is_a_stream_of_copies() {
    let mut gateway = gateway(closed_port()).into_async().unwrap();
    let copy = next_of(&mut gateway).await.unwrap().unwrap();
    assert!(matches!(copy.get().kind(), relay::Kind::ShardConnecting { shard_id: 0, .. }), "{copy:?}");
    gateway.stop(0).unwrap();
    let mut last = copy;
    while let Some(next) = next_of(&mut gateway).await {
        last = next.unwrap();
    }
    assert!(matches!(last.get().kind(), relay::Kind::ShardClosed { .. }), "{last:?}");
}

async fn next_of<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    use std::pin::Pin;
    struct Next<'a, S>(&'a mut S);
    impl<S: futures_core::Stream + Unpin> std::future::Future for Next<'_, S> {
        type Output = Option<S::Item>;

        fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
            Pin::new(&mut *self.0).poll_next(cx)
        }
    }
    Next(stream).await
}

#[tokio::test]
async fn a_gateway_without_a_descriptor_is_refused() {
    let shard = ShardConfig::new("a.bot.token", "ws://127.0.0.1:1");
    let config = GatewayConfig::new(shard).relay(RelayConfig::new().allow_all()).without_links();
    assert!(Gateway::new(&config).unwrap().into_async().is_err());
}

#[test]
fn a_gateway_and_its_future_may_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut gateway = gateway(closed_port()).into_async().unwrap();
    is_send(&gateway);
    is_send(&gateway.next());
}
