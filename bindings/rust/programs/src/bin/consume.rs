//! The messages of the queue bench:consume, each acknowledged: `consume COUNT`.
use programs::{setting, Count};
use spectacles::broker::Kind;
use spectacles::{Broker, BrokerConfig, LinkConfig, Subscription, Time};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut count = Count::from_arguments();
    let broker = Broker::new(&BrokerConfig::new([setting("AMQP_URL")]).group("bench").prefetch(1000))?;
    broker.subscribe(&Subscription::new("consume"))?;
    let mut connection = broker.connect(&LinkConfig::new())?.into_async()?;
    while let Some((event, broker)) = connection.next().await? {
        if let Kind::Message(message) = event.kind() {
            broker.ack(message.delivery())?;
            if count.add(message.body().len()) {
                break;
            }
        }
    }
    // What has arrived already is acknowledged too. Then everything leaves in order.
    while let Ok(next) = timeout(Duration::ZERO, connection.next()).await {
        if let Some((Kind::Message(message), broker)) = next?.map(|(event, broker)| (event.kind(), broker)) {
            broker.ack(message.delivery())?;
        }
    }
    connection.close(Time::now());
    while connection.next().await?.is_some() {}
    Ok(())
}
