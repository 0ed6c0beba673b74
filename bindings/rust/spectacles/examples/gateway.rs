//! A gateway: shards of Discord in front of RabbitMQ, on tokio. It prints each event as a line.
//!
//!     DISCORD_TOKEN=... GATEWAY_URL=wss://... AMQP_URL=amqp://... gateway SHARDS EVENT...
//!
//! After SIGTERM it stops in order. When Discord refuses every shard for good, it stops, and ends with status 1.
#![allow(clippy::incompatible_msrv)] // of tokio's macros, which fit the tokio that is there
use spectacles::relay::{Event, EventType, Kind};
use spectacles::{unix_time, Async, BrokerConfig, Gateway, GatewayConfig, Intents, RelayConfig, ShardConfig, Time};
use std::error::Error;
use std::{env, process};
use tokio::signal::unix::{signal, SignalKind};

fn settings(shards: u32, events: &[String]) -> Result<GatewayConfig<'static>, Box<dyn Error>> {
    let intents = events.iter().fold(Intents::GUILDS, |mask, event| mask | Intents::for_event(event));
    let shard =
        ShardConfig::new(&env::var("DISCORD_TOKEN")?, &env::var("GATEWAY_URL")?).shard_count(shards).intents(intents);
    let relay = RelayConfig::new()
        .allow(events)
        .brokers_first(true)
        .unix_offset(unix_time().saturating_sub(Time::now().as_millis()));
    Ok(GatewayConfig::new(shard).relay(relay).broker(BrokerConfig::new([env::var("AMQP_URL")?])))
}

fn print(event: Event<'_>) {
    match event.event_type() {
        EventType::ShardLatency => {}
        EventType::BrokerConnecting
        | EventType::BrokerReady
        | EventType::BrokerDisconnected
        | EventType::BrokerBlocked
        | EventType::BrokerUnblocked
        | EventType::BrokerClosed => println!("{} {:?} {event}", event.event_type(), event.broker()),
        other => println!("{other} {} {event}", event.shard_id()),
    }
}

/// Returns how many shards Discord has refused for good.
async fn serve(mut gateway: Async<Gateway>, shards: u32) -> Result<u32, Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut fatal = 0;
    loop {
        // Whichever is not ready is cancelled, and loses nothing.
        tokio::select! {
            next = gateway.next() => {
                let (event, gateway) = match next? {
                    None => return Ok(fatal),
                    Some(pair) => pair,
                };
                print(event);
                if let Kind::ShardFatal { .. } = event.kind() {
                    fatal += 1;
                    if fatal == shards {
                        gateway.stop(0)?;
                    }
                }
            }
            _ = terminate.recv() => gateway.stop(0)?,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (shards, events) = arguments.split_first().ok_or("usage: gateway SHARDS EVENT...")?;
    let shards = shards.parse()?;
    let gateway = Gateway::new(&settings(shards, events)?)?.into_async()?;
    if serve(gateway, shards).await? == shards {
        process::exit(1);
    }
    Ok(())
}
