//! The messages of the queue bench:consume, each acknowledged: `consume COUNT`.
use programs::{setting, Count};
use spectacles::broker::Kind;
use spectacles::{Broker, BrokerConfig, LinkConfig, Subscription, Time};

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
                broker.close(Time::now()); // the last acknowledgement leaves before the end
            }
        }
    }
    Ok(())
}
