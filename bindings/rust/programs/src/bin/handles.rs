//! Makes handles of every kind, with events that are borrowed and copied, and drops them in changing orders:
//! `handles COUNT`.
use programs::setting;
use spectacles::{
    Broker, BrokerConfig, Gateway, GatewayConfig, Link, LinkConfig, Poller, Relay, RelayConfig, Resolver, Shard,
    ShardConfig, State, Subscription, Time,
};
use std::any::Any;
use std::error::Error;
use std::{env, thread};

fn shard_config() -> ShardConfig {
    ShardConfig::new(&setting("DISCORD_TOKEN"), &setting("GATEWAY_URL"))
}

fn shard() -> Result<Shard, spectacles::Error> {
    Shard::new(&shard_config().commits(true))
}

fn broker() -> Result<Broker, spectacles::Error> {
    let made = Broker::new(&BrokerConfig::new([setting("AMQP_URL")]))?;
    made.subscribe(&Subscription::new("MESSAGE_CREATE"))?;
    Ok(made)
}

fn commands() -> Result<Broker, spectacles::Error> {
    Broker::new(&BrokerConfig::new([setting("AMQP_URL")]))
}

/// Two turns, and an event of them.
fn gateway() -> Result<Vec<Box<dyn Any + Send>>, spectacles::Error> {
    let relay = RelayConfig::new().allow(["MESSAGE_CREATE"]);
    let mut made = Gateway::new(&GatewayConfig::new(shard_config()).relay(relay))?;
    made.process(Time::now())?;
    let event = made.next_event(Time::now()).map(|(event, _)| event.to_owned());
    made.process(Time::now())?;
    Ok(vec![Box::new(made), Box::new(event)])
}

fn relay() -> Result<Vec<Box<dyn Any + Send>>, spectacles::Error> {
    let mut made = Relay::new(&RelayConfig::new().shard_count(1), vec![shard()?], Some((commands()?, commands()?)))?;
    let event = made.next_event(Time::now()).map(|(event, _)| event.to_owned());
    Ok(vec![Box::new(made), Box::new(event)])
}

fn engines() -> Result<Vec<Box<dyn Any + Send>>, spectacles::Error> {
    let (mut shard_alone, mut broker_alone) = (shard()?, broker()?);
    let event = shard_alone.next_event(Time::now()).map(|(event, _)| event.to_owned());
    let message = broker_alone.next_event(Time::now()).map(|(event, _)| event.to_owned());
    let mut link = Link::new(shard()?, &LinkConfig::new())?;
    link.process(spectacles::Io::BOTH, Time::now())?;
    let mut poller = Poller::new(&LinkConfig::new())?;
    let key = poller.add(broker()?)?;
    poller.add(broker()?)?;
    poller.process(Time::now())?;
    let gone = poller.remove(key);
    let state = State::new("a.bot.token", 1, spectacles::Intents::GUILDS)?;
    let connection = shard()?.connect(&LinkConfig::new())?;
    Ok(vec![
        Box::new(shard_alone),
        Box::new(broker_alone),
        Box::new(event),
        Box::new(message),
        Box::new(link),
        Box::new(poller),
        Box::new(gone),
        Box::new(state),
        Box::new(connection),
        Box::new(Resolver::new()?),
    ])
}

/// Another order for each number.
fn drop_all(mut handles: Vec<Box<dyn Any + Send>>, mut number: usize) {
    while !handles.is_empty() {
        let length = handles.len();
        drop(handles.swap_remove(number % length));
        number = number / length + number % 7;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = env::args().nth(1).ok_or("usage: handles COUNT")?.parse()?;
    for number in 0..count {
        let mut handles = engines()?;
        handles.extend(gateway()?);
        handles.extend(relay()?);
        // On the thread that made them, and on another one.
        if number % 2 == 0 {
            drop_all(handles, number);
        } else {
            thread::spawn(move || drop_all(handles, number)).join().map_err(|_| "a thread panicked")?;
        }
    }
    println!("FREED {count}");
    Ok(())
}
