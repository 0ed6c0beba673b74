//! The events of one shard, with name and bytes, and without looking into them: `shard COUNT`.
use programs::{setting, Count};
use spectacles::shard::Kind;
use spectacles::{Compression, LinkConfig, Shard, ShardConfig, Time};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut count = Count::from_arguments();
    let config = ShardConfig::new(&setting("DISCORD_TOKEN"), &setting("GATEWAY_URL")).compression(Compression::None);
    let mut connection = Shard::new(&config)?.connect(&LinkConfig::new())?.into_async()?;
    while let Some((event, shard)) = connection.next().await? {
        match event.kind() {
            Kind::Dispatch(event) if event.name != "READY" && count.add(event.data.len()) => break,
            Kind::Identify => shard.identify(Time::now())?,
            _ => {}
        }
    }
    Ok(())
}
