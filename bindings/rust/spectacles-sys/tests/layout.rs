//! The layouts of the declarations are those of the library that is linked.
use spectacles_sys::*;
use std::ffi::CString;
use std::mem::size_of;

macro_rules! sizes {
    ($($name:ident)*) => { [$((stringify!($name), size_of::<$name>())),*] };
}

#[test]
fn every_struct_has_the_size_that_the_library_says() {
    let sizes = sizes! {
        spectacles_broker_config spectacles_broker_event spectacles_broker_stats spectacles_copies_config
        spectacles_copy_mark spectacles_endpoint spectacles_gap spectacles_gateway_bot spectacles_gateway_config
        spectacles_gateway_shard_stats spectacles_gateway_stats spectacles_header spectacles_link_config
        spectacles_members_request spectacles_message spectacles_poller_config spectacles_presence
        spectacles_problem spectacles_relay_config spectacles_relay_event spectacles_relay_shard_stats
        spectacles_relay_stats spectacles_resolver_config spectacles_session spectacles_shard_config
        spectacles_shard_event spectacles_shard_stats spectacles_state_config spectacles_subscription
        spectacles_tls_config
    };
    for (name, size) in sizes {
        let text = CString::new(name).expect("a name has no NUL");
        // SAFETY: the name is alive during the call.
        let wanted = unsafe { spectacles_struct_size(text.as_ptr()) };
        assert_eq!(size, wanted, "{name}");
    }
}

#[test]
fn never_is_the_number_of_the_library() {
    // SAFETY: has no conditions.
    assert_eq!(SPECTACLES_NEVER, unsafe { spectacles_never() });
}
