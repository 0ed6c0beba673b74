//! twilight-gateway on one tokio thread: the envelope is read by serde, and `d` is not looked into.
use peers::Count;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::env;
use tokio_stream::StreamExt;
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};

#[derive(Deserialize)]
struct Envelope<'a> {
    op: u8,
    #[serde(borrow)]
    t: Option<&'a str>,
    #[serde(borrow)]
    d: &'a RawValue,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("the first one");
    let mut count = Count::from_arguments();
    let (token, url) = (env::var("DISCORD_TOKEN").expect("a token"), env::var("GATEWAY_URL").expect("a URL"));
    let config = ConfigBuilder::new(token, Intents::empty()).proxy_url(url).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    while let Some(item) = shard.next().await {
        let text = match item {
            Ok(Message::Text(text)) => text,
            Ok(Message::Close(frame)) => panic!("closed: {frame:?}"),
            Err(error) => panic!("{error:?}"),
        };
        let envelope: Envelope = serde_json::from_str(&text).expect("a payload");
        if envelope.op == 0 && envelope.t != Some("READY") && count.add(envelope.d.get().len()) {
            break;
        }
    }
}
