//! The pipeline as it is written in Rust: twilight-gateway and lapin with confirms, on one tokio thread.
//!
//!     relay GATEWAY_URL SHARDS AMQP_URL
//!
//! The envelope is read by serde, and `d` is published as it came. The compression is chosen when it is built.
use lapin::{options::*, BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{env, time::Duration};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};
use twilight_gateway_queue::InMemoryQueue;

#[derive(Deserialize)]
struct Envelope<'a> {
    op: u8,
    s: Option<u64>,
    #[serde(borrow)]
    t: Option<&'a str>,
    #[serde(borrow)]
    d: &'a RawValue,
}

#[derive(Deserialize)]
struct Ready {
    session_id: String,
}

type Confirms = mpsc::UnboundedSender<PublisherConfirm>;

async fn publish(channel: &Channel, session: &str, text: &str, confirms: &Confirms) -> Option<String> {
    let envelope: Envelope = serde_json::from_str(text).expect("a payload");
    let (0, Some(name), Some(sequence)) = (envelope.op, envelope.t, envelope.s) else { return None };
    let begun = (name == "READY").then(|| serde_json::from_str::<Ready>(envelope.d.get()).expect("READY").session_id);
    let id = format!("{}:{sequence}", begun.as_deref().unwrap_or(session));
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(id.into());
    let options = BasicPublishOptions::default();
    let confirm = channel
        .basic_publish("gateway".into(), name.into(), options, envelope.d.get().as_bytes(), properties)
        .await
        .expect("published");
    confirms.send(confirm).expect("somebody waits for confirms");
    begun
}

async fn run(mut shard: Shard<InMemoryQueue>, channel: Channel, confirms: Confirms) {
    let mut session = String::new();
    while let Some(item) = shard.next().await {
        match item {
            Ok(Message::Text(text)) => {
                if let Some(begun) = publish(&channel, &session, &text, &confirms).await {
                    session = begun;
                }
            }
            Ok(Message::Close(frame)) => eprintln!("closed: {frame:?}"),
            Err(error) => eprintln!("{error:?}"),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("the first one");
    let arguments: Vec<String> = env::args().collect();
    let [_, url, shards, broker] = &arguments[..] else { panic!("usage: relay GATEWAY_URL SHARDS AMQP_URL") };
    let count: u32 = shards.parse().expect("SHARDS");
    let connection = Connection::connect(broker, ConnectionProperties::default()).await.expect("a broker");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    let (confirms, mut waiting) = mpsc::unbounded_channel::<PublisherConfirm>();
    // As many identifies at once as there are shards: it is not the start that is measured.
    let queue = InMemoryQueue::new(0, count, Duration::from_secs(86400), count);
    let config = ConfigBuilder::new("t".to_owned(), Intents::empty()).proxy_url(url.clone()).queue(queue).build();
    for number in 0..count {
        let shard = Shard::with_config(ShardId::new(number, count), config.clone());
        tokio::spawn(run(shard, channel.clone(), confirms.clone()));
    }
    while let Some(confirm) = waiting.recv().await {
        assert!(matches!(confirm.await.expect("a confirm"), Confirmation::Ack(_)));
    }
}
