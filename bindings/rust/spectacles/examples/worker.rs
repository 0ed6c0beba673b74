//! A worker, on tokio: it consumes events and gap records, prints each as a line, and leaves copies out. When a message is
//! "!members", it asks Discord for the members of the guild, by a SEND.
//!
//!     AMQP_URL=amqp://... worker EVENT...
//!
//! What it has printed, it acknowledges; what asked for a SEND, once RabbitMQ has confirmed the SEND. After SIGTERM it takes
//! no more, and ends when everything is confirmed.
#![allow(clippy::incompatible_msrv)] // of tokio's macros, which fit the tokio that is there
use serde::Deserialize;
use spectacles::broker::{Delivery, Kind};
use spectacles::{
    printable, send_body, send_key, Async, Broker, BrokerConfig, Connection, Copies, Format, LinkConfig,
    MembersRequest, Message, Subscription, Time,
};
use std::collections::HashMap;
use std::env;
use std::error::Error;
use tokio::signal::unix::{signal, SignalKind};

#[derive(Deserialize)]
struct MessageCreate {
    id: String,
    guild_id: Option<String>,
    content: String,
}

/// The guild whose members a message asks for, and a nonce for the answer.
fn asks_for_members(message: &Delivery<'_>) -> Option<(u64, String)> {
    if message.key() != b"MESSAGE_CREATE" {
        return None;
    }
    let read: MessageCreate = serde_json::from_slice(message.body()).ok()?;
    let guild = read.guild_id?.parse().ok()?;
    read.content.starts_with("!members").then_some((guild, read.id))
}

fn request_members(broker: &Broker, guild: u64, nonce: &str) -> Result<u64, spectacles::Error> {
    let mut packet = br#"{"op":8,"d":"#.to_vec();
    packet.extend(MembersRequest::of_guild(guild).nonce(nonce).write()?);
    packet.push(b'}');
    let body = send_body(guild, &packet)?;
    // Mandatory: where no gateway runs, the SEND comes back.
    broker.publish(&Message::new(send_key(), &body).format(Format::Json).mandatory())
}

struct Worker {
    copies: Copies,
    /// SENDs that are not confirmed yet, and the delivery that asked for each.
    asked: HashMap<u64, u64>,
}

impl Worker {
    fn on_message(&mut self, message: &Delivery<'_>, broker: &Broker) -> Result<(), spectacles::Error> {
        let mark = self.copies.mark(message);
        if self.copies.leave_out(&mark, Time::now()) {
            return broker.ack(message.delivery()).map(drop);
        }
        let id = message.message_id().unwrap_or(b"-");
        println!("EVENT {} {} {}", printable(message.key()), printable(id), String::from_utf8_lossy(message.body()));
        self.copies.add(&mark);
        match asks_for_members(message) {
            Some((guild, nonce)) => {
                let tag = request_members(broker, guild, &nonce)?;
                self.asked.insert(tag, message.delivery());
                Ok(())
            }
            None => broker.ack(message.delivery()).map(drop),
        }
    }

    /// RabbitMQ has the SEND, or nobody takes it: either way it is not asked again.
    fn on_answer(&mut self, tag: u64, broker: &Broker) -> Result<(), spectacles::Error> {
        self.asked.remove(&tag).map_or(Ok(()), |delivery| broker.ack(delivery).map(drop))
    }

    fn on_event(&mut self, kind: Kind<'_>, broker: &Broker) -> Result<(), spectacles::Error> {
        match kind {
            Kind::Message(message) => self.on_message(&message, broker),
            Kind::Confirmed { tag } => self.on_answer(tag, broker),
            Kind::Returned { tag, text, .. } | Kind::Failed { tag, text, .. } => {
                eprintln!("a SEND reached nobody: {text}");
                self.on_answer(tag, broker)
            }
            Kind::Ready { product } => {
                eprintln!("connected to {product}");
                println!("READY");
                Ok(())
            }
            Kind::Disconnected(loss) => {
                eprintln!("disconnected: {}", loss.text);
                Ok(())
            }
            Kind::Unsubscribed { queue, loss, .. } => {
                eprintln!("{queue} is lost: {}", loss.text);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

async fn work(mut connection: Async<Connection<Broker>>, subscriptions: &[u32]) -> Result<(), Box<dyn Error>> {
    let mut worker = Worker { copies: Copies::new()?, asked: HashMap::new() };
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        // Whichever is not ready is cancelled, and loses nothing.
        tokio::select! {
            next = connection.next() => match next? {
                Some((event, broker)) => worker.on_event(event.kind(), broker)?,
                None => return Ok(()),
            },
            _ = terminate.recv() => {
                for subscription in subscriptions {
                    connection.unsubscribe(*subscription)?;
                }
                connection.close(Time::now());
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let broker = Broker::new(&BrokerConfig::new([env::var("AMQP_URL")?]))?;
    let subscriptions =
        env::args().skip(1).map(|event| broker.subscribe(&Subscription::new(&event))).collect::<Result<Vec<_>, _>>()?;
    let connection = broker.connect(&LinkConfig::new())?.into_async()?;
    work(connection, &subscriptions).await
}
