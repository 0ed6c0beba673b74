//! Waits for an event of a shard, for a message and for the reply to a call, and is cancelled in mid-flight, again and
//! again; then each of them comes all the same.
use programs::setting;
use spectacles::broker::BrokerState;
use spectacles::shard::ShardState;
use spectacles::{
    broker, shard, Async, Broker, BrokerConfig, Connection, Intents, LinkConfig, Message, Shard, ShardConfig,
    Subscription, Time,
};
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

type Outcome = Result<(), Box<dyn Error>>;

/// Until a dispatch comes that is no part of the beginning.
async fn event(connection: &mut Async<Connection<Shard>>) -> Outcome {
    while let Some((event, shard)) = connection.next().await? {
        match event.kind() {
            shard::Kind::Identify => shard.identify(Time::now())?,
            shard::Kind::Dispatch(event) if event.name == "MESSAGE_CREATE" => return Ok(()),
            _ => {}
        }
    }
    Err("the shard has ended".into())
}

async fn message(connection: &mut Async<Connection<Broker>>) -> Outcome {
    while let Some((event, broker)) = connection.next().await? {
        if let broker::Kind::Message(message) = event.kind() {
            broker.ack(message.delivery())?;
            return Ok(());
        }
    }
    Err("the broker has ended".into())
}

async fn reply(connection: &mut Async<Connection<Broker>>, call: u64) -> Outcome {
    while let Some((event, _)) = connection.next().await? {
        match event.kind() {
            broker::Kind::Reply { call: of, reply } if of == call && reply.body() == b"42" => return Ok(()),
            broker::Kind::CallFailed { text, .. } => return Err(text.to_owned().into()),
            _ => {}
        }
    }
    Err("the broker has ended".into())
}

fn ask(broker: &Broker) -> Result<u64, spectacles::Error> {
    broker.call(&Message::new("ASK", b"42"), Duration::from_secs(120), Time::now())
}

/// True: it was cancelled before it was done.
async fn is_cancelled(waiting: impl Future<Output = Outcome>) -> Result<bool, Box<dyn Error>> {
    match timeout(Duration::from_millis(1), waiting).await {
        Ok(done) => done.map(|()| false),
        Err(_) => Ok(true),
    }
}

/// The wait is given up and begun again, millisecond by millisecond, until the handle is ready.
macro_rules! give_up {
    ($ready:expr, $wait:expr) => {{
        let mut cancelled = true;
        while cancelled && !$ready {
            cancelled = is_cancelled($wait).await?;
        }
        u32::from(cancelled && is_cancelled($wait).await?)
    }};
}

fn connected(event: Option<&str>) -> Result<Async<Connection<Broker>>, Box<dyn Error>> {
    let broker = Broker::new(&BrokerConfig::new([setting("AMQP_URL")]))?;
    if let Some(event) = event {
        broker.subscribe(&Subscription::new(event))?;
    }
    Ok(broker.connect(&LinkConfig::new())?.into_async()?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let config = ShardConfig::new(&setting("DISCORD_TOKEN"), &setting("GATEWAY_URL"))
        .intents(Intents::GUILDS | Intents::GUILD_MESSAGES);
    let mut shard = Shard::new(&config)?.connect(&LinkConfig::new())?.into_async()?;
    let (mut worker, mut asker) = (connected(Some("MESSAGE_CREATE"))?, connected(None)?);
    let call = ask(&asker)?;
    let cancelled = give_up!(shard.state() == ShardState::Ready, event(&mut shard))
        + give_up!(worker.state() == BrokerState::Ready, message(&mut worker))
        + give_up!(asker.state() == BrokerState::Ready, reply(&mut asker, call));
    println!("CANCELLED {cancelled}");
    let (one, two, three) = tokio::join!(event(&mut shard), message(&mut worker), reply(&mut asker, call));
    let alive = [one, two, three].into_iter().collect::<Result<Vec<()>, _>>()?.len();
    println!("ALIVE {alive}");
    Ok(())
}
