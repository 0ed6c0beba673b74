//! twilight-gateway, told where its Discord is. Prints each message as it came.
use std::env;
use tokio_stream::StreamExt;
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("the first one");
    let token = env::var("CLIENT_TOKEN").expect("CLIENT_TOKEN");
    let gateway = env::var("CLIENT_GATEWAY").expect("CLIENT_GATEWAY");
    let config = ConfigBuilder::new(token, Intents::from_bits_retain(513)).proxy_url(gateway).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    while let Some(item) = shard.next().await {
        match item {
            Ok(Message::Text(text)) => println!("{text}"),
            Ok(Message::Close(frame)) => eprintln!("closed: {frame:?}"),
            Err(error) => eprintln!("{error}"),
        }
    }
}
