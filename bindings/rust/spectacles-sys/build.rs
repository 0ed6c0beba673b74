//! Finds the library by pkg-config.
use std::process;

fn main() {
    let found = pkg_config::Config::new().range_version("0.1".."0.2").probe("spectacles");
    if let Err(why) = found {
        eprintln!(
            "libspectacles 0.1 was not found by pkg-config. When it is installed outside of the system's folders, set PKG_CONFIG_PATH.\n{why}"
        );
        process::exit(1);
    }
}
