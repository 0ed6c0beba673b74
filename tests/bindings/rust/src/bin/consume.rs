//! lapin on one tokio thread: each delivery is acknowledged by itself.
use futures_lite::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use peers::Count;
use std::env;

#[tokio::main(flavor = "current_thread")]
async fn main() -> lapin::Result<()> {
    let mut count = Count::from_arguments();
    let url = env::var("AMQP_URL").expect("a URL");
    let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.basic_qos(1000, BasicQosOptions::default()).await?;
    let (options, table) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = channel.basic_consume("bench:consume".into(), "peer".into(), options, table).await?;
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        delivery.ack(BasicAckOptions::default()).await?;
        if count.add(delivery.data.len()) {
            break;
        }
    }
    connection.close(200, "done".into()).await
}
