// The declarations of libspectacles, written by bindings/rust/generate.sh. Do not change this file by hand.

pub const SPECTACLES_VERSION_MAJOR: spectacles_version_part = 0;
pub const SPECTACLES_VERSION_MINOR: spectacles_version_part = 1;
pub const SPECTACLES_VERSION_PATCH: spectacles_version_part = 0;
pub type spectacles_version_part = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_never() -> u64;
}
pub const SPECTACLES_OK: spectacles_error = 0;
pub const SPECTACLES_E_NOMEM: spectacles_error = -1;
pub const SPECTACLES_E_INVAL: spectacles_error = -2;
pub const SPECTACLES_E_STATE: spectacles_error = -3;
pub const SPECTACLES_E_AGAIN: spectacles_error = -4;
pub const SPECTACLES_E_PROTO: spectacles_error = -5;
pub const SPECTACLES_E_CLOSED: spectacles_error = -6;
pub const SPECTACLES_E_TLS: spectacles_error = -7;
pub const SPECTACLES_E_SYS: spectacles_error = -8;
pub const SPECTACLES_E_TOOBIG: spectacles_error = -9;
pub const SPECTACLES_E_AUTH: spectacles_error = -10;
pub const SPECTACLES_E_UNSUPPORTED: spectacles_error = -11;
pub const SPECTACLES_E_UNREACHABLE: spectacles_error = -12;
pub type spectacles_error = ::std::os::raw::c_int;
pub const SPECTACLES_PROBLEM_TEXT_SIZE: spectacles_problem_size = 432;
pub const SPECTACLES_PROBLEM_WORD_SIZE: spectacles_problem_size = 64;
pub type spectacles_problem_size = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_problem {
    pub position: usize,
    pub index: usize,
    pub text: [::std::os::raw::c_char; 432usize],
    pub word: [::std::os::raw::c_char; 64usize],
}
extern "C" {
    pub fn spectacles_strerror(
        error: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_error_name(
        error: ::std::os::raw::c_int,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_version() -> u32;
}
extern "C" {
    pub fn spectacles_feature_supported(
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_printable(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        text: *const ::std::os::raw::c_char,
        length: usize,
    ) -> usize;
}
extern "C" {
    pub fn spectacles_struct_size(name: *const ::std::os::raw::c_char) -> usize;
}
extern "C" {
    pub fn spectacles_now() -> u64;
}
extern "C" {
    pub fn spectacles_unix_time() -> u64;
}
extern "C" {
    pub fn spectacles_random_seed() -> u64;
}
extern "C" {
    pub fn spectacles_poll_timeout(deadline: u64, now: u64) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_stream {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_endpoint {
    pub host: *const ::std::os::raw::c_char,
    pub port: u32,
    pub tls: u32,
    pub connection: u64,
    pub ca_file: *const ::std::os::raw::c_char,
    pub cert_file: *const ::std::os::raw::c_char,
    pub key_file: *const ::std::os::raw::c_char,
    pub connect_timeout: u32,
    pub reserved: u32,
    pub server_name: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_stream_endpoint(
        stream: *const spectacles_stream,
    ) -> *const spectacles_endpoint;
}
extern "C" {
    pub fn spectacles_stream_opened(
        stream: *mut spectacles_stream,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_stream_wants_input(
        stream: *const spectacles_stream,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_stream_feed(
        stream: *mut spectacles_stream,
        bytes: *const u8,
        length: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_stream_eof(
        stream: *mut spectacles_stream,
        error: ::std::os::raw::c_int,
        text: *const ::std::os::raw::c_char,
        length: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_stream_pending(
        stream: *const spectacles_stream,
        bytes: *mut *const u8,
    ) -> usize;
}
extern "C" {
    pub fn spectacles_stream_consumed(stream: *mut spectacles_stream, length: usize);
}
extern "C" {
    pub fn spectacles_stream_deadline(stream: *const spectacles_stream) -> u64;
}
extern "C" {
    pub fn spectacles_stream_expire(
        stream: *mut spectacles_stream,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_stream_last_error(
        stream: *const spectacles_stream,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_broker {
    _unused: [u8; 0],
}
pub const SPECTACLES_BROKER_IDLE: spectacles_broker_state = 0;
pub const SPECTACLES_BROKER_CONNECTING: spectacles_broker_state = 1;
pub const SPECTACLES_BROKER_HANDSHAKE: spectacles_broker_state = 2;
pub const SPECTACLES_BROKER_SETUP: spectacles_broker_state = 3;
pub const SPECTACLES_BROKER_READY: spectacles_broker_state = 4;
pub const SPECTACLES_BROKER_DRAINING: spectacles_broker_state = 5;
pub const SPECTACLES_BROKER_CLOSING: spectacles_broker_state = 6;
pub const SPECTACLES_BROKER_BACKOFF: spectacles_broker_state = 7;
pub const SPECTACLES_BROKER_CLOSED: spectacles_broker_state = 8;
pub type spectacles_broker_state = ::std::os::raw::c_uint;
pub const SPECTACLES_DECLARE: spectacles_declare = 0;
pub const SPECTACLES_DECLARE_PASSIVE: spectacles_declare = 1;
pub const SPECTACLES_DECLARE_NOTHING: spectacles_declare = 2;
pub type spectacles_declare = ::std::os::raw::c_uint;
pub const SPECTACLES_QUEUE_DEFAULT: spectacles_queue_type = 0;
pub const SPECTACLES_QUEUE_CLASSIC: spectacles_queue_type = 1;
pub const SPECTACLES_QUEUE_QUORUM: spectacles_queue_type = 2;
pub type spectacles_queue_type = ::std::os::raw::c_uint;
pub const SPECTACLES_EXCHANGE_DIRECT: spectacles_exchange_type = 0;
pub const SPECTACLES_EXCHANGE_FANOUT: spectacles_exchange_type = 1;
pub type spectacles_exchange_type = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_broker_config {
    pub size: u32,
    pub declare: u32,
    pub urls: *const *const ::std::os::raw::c_char,
    pub url_count: usize,
    pub group: *const ::std::os::raw::c_char,
    pub name: *const ::std::os::raw::c_char,
    pub seed: u64,
    pub window_count: u32,
    pub prefetch: u32,
    pub window_bytes: u64,
    pub max_message: u64,
    pub high_water: u64,
    pub connect_timeout: u32,
    pub drain_timeout: u32,
    pub format: u32,
    pub queue_type: u32,
    pub heartbeat: u32,
    pub exchange_type: u32,
}
pub const SPECTACLES_HEADER_NOTHING: spectacles_header_type = 0;
pub const SPECTACLES_HEADER_BOOLEAN: spectacles_header_type = 1;
pub const SPECTACLES_HEADER_INTEGER: spectacles_header_type = 2;
pub const SPECTACLES_HEADER_TEXT: spectacles_header_type = 3;
pub const SPECTACLES_HEADER_BINARY: spectacles_header_type = 4;
pub const SPECTACLES_HEADER_TIMESTAMP: spectacles_header_type = 5;
pub const SPECTACLES_HEADER_REAL: spectacles_header_type = 6;
pub const SPECTACLES_HEADER_TABLE: spectacles_header_type = 7;
pub const SPECTACLES_HEADER_ARRAY: spectacles_header_type = 8;
pub const SPECTACLES_HEADER_OTHER: spectacles_header_type = 9;
pub type spectacles_header_type = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_header {
    pub type_: u32,
    pub reserved: u32,
    pub key: *const ::std::os::raw::c_char,
    pub key_length: usize,
    pub integer: i64,
    pub real: f64,
    pub bytes: *const u8,
    pub bytes_length: usize,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_subscription {
    pub size: u32,
    pub prefetch: u32,
    pub event: *const ::std::os::raw::c_char,
    pub event_length: usize,
    pub subgroup: *const ::std::os::raw::c_char,
    pub subgroup_length: usize,
    pub arguments: *const spectacles_header,
    pub argument_count: usize,
    pub declare_only: u32,
    pub exclusive: u32,
    pub queue: *const ::std::os::raw::c_char,
    pub queue_length: usize,
}
pub const SPECTACLES_MESSAGE_TRANSIENT: spectacles_message_flag = 1;
pub const SPECTACLES_MESSAGE_MANDATORY: spectacles_message_flag = 2;
pub const SPECTACLES_MESSAGE_REPLACE_SURROGATES: spectacles_message_flag = 4;
pub type spectacles_message_flag = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_message {
    pub size: u32,
    pub flags: u32,
    pub exchange: *const ::std::os::raw::c_char,
    pub key: *const ::std::os::raw::c_char,
    pub key_length: usize,
    pub body: *const u8,
    pub body_length: usize,
    pub content_type: *const ::std::os::raw::c_char,
    pub message_id: *const ::std::os::raw::c_char,
    pub correlation_id: *const ::std::os::raw::c_char,
    pub reply_to: *const ::std::os::raw::c_char,
    pub expiration: *const ::std::os::raw::c_char,
    pub format: u32,
    pub priority: u32,
    pub headers: *const spectacles_header,
    pub header_count: usize,
}
pub const SPECTACLES_BROKER_EVENT_CONNECTING: spectacles_broker_event_type = 1;
pub const SPECTACLES_BROKER_EVENT_READY: spectacles_broker_event_type = 2;
pub const SPECTACLES_BROKER_EVENT_MESSAGE: spectacles_broker_event_type = 3;
pub const SPECTACLES_BROKER_EVENT_CONFIRMED: spectacles_broker_event_type = 4;
pub const SPECTACLES_BROKER_EVENT_RETURNED: spectacles_broker_event_type = 5;
pub const SPECTACLES_BROKER_EVENT_FAILED: spectacles_broker_event_type = 6;
pub const SPECTACLES_BROKER_EVENT_ROOM: spectacles_broker_event_type = 7;
pub const SPECTACLES_BROKER_EVENT_SUBSCRIBED: spectacles_broker_event_type = 8;
pub const SPECTACLES_BROKER_EVENT_UNSUBSCRIBED: spectacles_broker_event_type = 9;
pub const SPECTACLES_BROKER_EVENT_BLOCKED: spectacles_broker_event_type = 10;
pub const SPECTACLES_BROKER_EVENT_UNBLOCKED: spectacles_broker_event_type = 11;
pub const SPECTACLES_BROKER_EVENT_REFUSED: spectacles_broker_event_type = 12;
pub const SPECTACLES_BROKER_EVENT_DISCONNECTED: spectacles_broker_event_type = 13;
pub const SPECTACLES_BROKER_EVENT_CLOSED: spectacles_broker_event_type = 14;
pub const SPECTACLES_BROKER_EVENT_REPLY: spectacles_broker_event_type = 15;
pub const SPECTACLES_BROKER_EVENT_CALL_FAILED: spectacles_broker_event_type = 16;
pub type spectacles_broker_event_type = ::std::os::raw::c_uint;
pub const SPECTACLES_CALL_TIMEOUT: spectacles_call_failure = 1;
pub const SPECTACLES_CALL_UNROUTABLE: spectacles_call_failure = 2;
pub const SPECTACLES_CALL_REFUSED: spectacles_call_failure = 3;
pub const SPECTACLES_CALL_LOST: spectacles_call_failure = 4;
pub const SPECTACLES_CALL_CLOSED: spectacles_call_failure = 5;
pub const SPECTACLES_CALL_BAD_REPLY: spectacles_call_failure = 6;
pub type spectacles_call_failure = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_broker_event {
    pub type_: u32,
    pub code: u32,
    pub error: i32,
    pub subscription: u32,
    pub tag: u64,
    pub delivery: u64,
    pub until: u64,
    pub redelivered: u32,
    pub reason: u32,
    pub key: *const ::std::os::raw::c_char,
    pub key_length: usize,
    pub body: *const u8,
    pub body_length: usize,
    pub content_type: *const ::std::os::raw::c_char,
    pub message_id: *const ::std::os::raw::c_char,
    pub correlation_id: *const ::std::os::raw::c_char,
    pub reply_to: *const ::std::os::raw::c_char,
    pub expiration: *const ::std::os::raw::c_char,
    pub text: *const ::std::os::raw::c_char,
    pub text_length: usize,
    pub queue: *const ::std::os::raw::c_char,
    pub queue_length: usize,
    pub headers: *const spectacles_header,
    pub header_count: usize,
    pub format: u32,
    pub priority: u32,
    pub unconfirmed_count: u64,
    pub message_count: u32,
    pub consumer_count: u32,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_broker_stats {
    pub size: u32,
    pub reserved: u32,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub published: u64,
    pub republished: u64,
    pub confirmed: u64,
    pub returned: u64,
    pub failed: u64,
    pub delivered: u64,
    pub acknowledged: u64,
    pub rejected: u64,
    pub connects: u64,
    pub unconfirmed: u64,
    pub calls: u64,
    pub replies: u64,
    pub replies_ignored: u64,
    pub surrogates_replaced: u64,
}
extern "C" {
    pub fn spectacles_broker_config_init(
        config: *mut spectacles_broker_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_subscription_init(
        subscription: *mut spectacles_subscription,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_message_init(message: *mut spectacles_message, size: usize);
}
extern "C" {
    pub fn spectacles_broker_stats_init(
        stats: *mut spectacles_broker_stats,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_broker_new(
        out: *mut *mut spectacles_broker,
        config: *const spectacles_broker_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_free(broker: *mut spectacles_broker);
}
extern "C" {
    pub fn spectacles_broker_next_event(
        broker: *mut spectacles_broker,
        now: u64,
    ) -> *const spectacles_broker_event;
}
extern "C" {
    pub fn spectacles_broker_subscribe(
        broker: *mut spectacles_broker,
        subscription: *const spectacles_subscription,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_unsubscribe(
        broker: *mut spectacles_broker,
        subscription: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_publish(
        broker: *mut spectacles_broker,
        message: *const spectacles_message,
        tag: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_room(
        broker: *const spectacles_broker,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_call(
        broker: *mut spectacles_broker,
        message: *const spectacles_message,
        timeout: u32,
        now: u64,
        call: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_reply(
        broker: *mut spectacles_broker,
        reply_to: *const ::std::os::raw::c_char,
        correlation_id: *const ::std::os::raw::c_char,
        message: *const spectacles_message,
        tag: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_ack(
        broker: *mut spectacles_broker,
        delivery: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_ack_all(
        broker: *mut spectacles_broker,
        delivery: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_reject(
        broker: *mut spectacles_broker,
        delivery: u64,
        requeue: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_holds(
        broker: *const spectacles_broker,
        delivery: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_close(
        broker: *mut spectacles_broker,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_set_urls(
        broker: *mut spectacles_broker,
        urls: *const *const ::std::os::raw::c_char,
        count: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_network_changed(broker: *mut spectacles_broker, now: u64);
}
extern "C" {
    pub fn spectacles_broker_stream(
        broker: *mut spectacles_broker,
    ) -> *mut spectacles_stream;
}
extern "C" {
    pub fn spectacles_broker_state(broker: *const spectacles_broker) -> u32;
}
extern "C" {
    pub fn spectacles_broker_state_name(state: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_type_name(
        type_: u32,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_call_failure_name(failure: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_get_stats(
        broker: *const spectacles_broker,
        out: *mut spectacles_broker_stats,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_broker_last_error(
        broker: *const spectacles_broker,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_type(event: *const spectacles_broker_event) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_code(event: *const spectacles_broker_event) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_error(event: *const spectacles_broker_event) -> i32;
}
extern "C" {
    pub fn spectacles_broker_event_subscription(
        event: *const spectacles_broker_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_tag(event: *const spectacles_broker_event) -> u64;
}
extern "C" {
    pub fn spectacles_broker_event_delivery(
        event: *const spectacles_broker_event,
    ) -> u64;
}
extern "C" {
    pub fn spectacles_broker_event_until(event: *const spectacles_broker_event) -> u64;
}
extern "C" {
    pub fn spectacles_broker_event_unconfirmed_count(
        event: *const spectacles_broker_event,
    ) -> u64;
}
extern "C" {
    pub fn spectacles_broker_event_message_count(
        event: *const spectacles_broker_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_consumer_count(
        event: *const spectacles_broker_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_redelivered(
        event: *const spectacles_broker_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_key(
        event: *const spectacles_broker_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_body(
        event: *const spectacles_broker_event,
        length: *mut usize,
    ) -> *const u8;
}
extern "C" {
    pub fn spectacles_broker_event_content_type(
        event: *const spectacles_broker_event,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_message_id(
        event: *const spectacles_broker_event,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_correlation_id(
        event: *const spectacles_broker_event,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_reply_to(
        event: *const spectacles_broker_event,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_text(
        event: *const spectacles_broker_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_queue(
        event: *const spectacles_broker_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_format(event: *const spectacles_broker_event) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_reason(event: *const spectacles_broker_event) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_priority(
        event: *const spectacles_broker_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_broker_event_expiration(
        event: *const spectacles_broker_event,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_broker_event_headers(
        event: *const spectacles_broker_event,
        count: *mut usize,
    ) -> *const spectacles_header;
}
extern "C" {
    pub fn spectacles_headers_find(
        headers: *const spectacles_header,
        count: usize,
        key: *const ::std::os::raw::c_char,
        length: usize,
    ) -> *const spectacles_header;
}
extern "C" {
    pub fn spectacles_header_next(
        in_: *const spectacles_header,
        position: *mut usize,
        out: *mut spectacles_header,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_header_find(
        in_: *const spectacles_header,
        key: *const ::std::os::raw::c_char,
        length: usize,
        out: *mut spectacles_header,
    ) -> ::std::os::raw::c_int;
}
pub const SPECTACLES_FORMAT_RAW: spectacles_format = 0;
pub const SPECTACLES_FORMAT_JSON: spectacles_format = 1;
pub const SPECTACLES_FORMAT_ETF: spectacles_format = 2;
pub const SPECTACLES_FORMAT_MSGPACK: spectacles_format = 3;
pub const SPECTACLES_FORMAT_MSGPACK_JSON: spectacles_format = 4;
pub type spectacles_format = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_format_name(format: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_format_parse(
        format: *mut u32,
        name: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
pub const SPECTACLES_DEPTH_MAX: spectacles_depth = 512;
pub type spectacles_depth = ::std::os::raw::c_uint;
pub const SPECTACLES_REPLACE_SURROGATES: spectacles_transcode_flag = 1;
pub const SPECTACLES_COMPACT: spectacles_transcode_flag = 2;
pub type spectacles_transcode_flag = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_format_of(bytes: *const u8, length: usize) -> u32;
}
extern "C" {
    pub fn spectacles_format_content_type(format: u32) -> *const ::std::os::raw::c_char;
}
pub const SPECTACLES_ENVELOPE_OP: spectacles_envelope_member = 1;
pub const SPECTACLES_ENVELOPE_SEQ: spectacles_envelope_member = 2;
pub const SPECTACLES_ENVELOPE_NAME: spectacles_envelope_member = 4;
pub const SPECTACLES_ENVELOPE_DATA: spectacles_envelope_member = 8;
pub type spectacles_envelope_member = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_envelope {
    pub members: u32,
    pub op: u32,
    pub seq: u64,
    pub name: *const ::std::os::raw::c_char,
    pub name_length: usize,
    pub data: *const u8,
    pub data_length: usize,
}
extern "C" {
    pub fn spectacles_envelope_scan(
        out: *mut spectacles_envelope,
        format: u32,
        bytes: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_envelope_head(
        out: *mut spectacles_envelope,
        format: u32,
        bytes: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_json_check(
        bytes: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_bytes {
    _unused: [u8; 0],
}
extern "C" {
    pub fn spectacles_bytes_new(
        out: *mut *mut spectacles_bytes,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_bytes_free(bytes: *mut spectacles_bytes);
}
extern "C" {
    pub fn spectacles_bytes_data(bytes: *const spectacles_bytes) -> *const u8;
}
extern "C" {
    pub fn spectacles_bytes_length(bytes: *const spectacles_bytes) -> usize;
}
extern "C" {
    pub fn spectacles_transcode(
        out: *mut spectacles_bytes,
        to: u32,
        from: u32,
        flags: u32,
        bytes: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_etf_inflate(
        out: *mut spectacles_bytes,
        bytes: *const u8,
        length: usize,
        max: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_copies {
    _unused: [u8; 0],
}
pub const SPECTACLES_COPIES_REMEMBERED_MAX: spectacles_copies_limit = 4194304;
pub const SPECTACLES_COPY_MARK_WORD_COUNT: spectacles_copies_limit = 2;
pub type spectacles_copies_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_copies_config {
    pub size: u32,
    pub remembered: u32,
    pub seed: u64,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_copy_mark {
    pub id: [u64; 2usize],
    pub digest: [u64; 2usize],
    pub shards: u64,
}
extern "C" {
    pub fn spectacles_copies_config_init(
        config: *mut spectacles_copies_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_copies_new(
        out: *mut *mut spectacles_copies,
        config: *const spectacles_copies_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_copies_free(copies: *mut spectacles_copies);
}
extern "C" {
    pub fn spectacles_copies_mark(
        copies: *const spectacles_copies,
        message_id: *const ::std::os::raw::c_char,
        length: usize,
        headers: *const spectacles_header,
        count: usize,
        out: *mut spectacles_copy_mark,
    );
}
extern "C" {
    pub fn spectacles_copies_leave_out(
        copies: *mut spectacles_copies,
        mark: *const spectacles_copy_mark,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_copies_add(
        copies: *mut spectacles_copies,
        mark: *const spectacles_copy_mark,
    );
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_document {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_value {
    _unused: [u8; 0],
}
pub const SPECTACLES_VALUE_NONE: spectacles_value_type = 0;
pub const SPECTACLES_VALUE_NULL: spectacles_value_type = 1;
pub const SPECTACLES_VALUE_FALSE: spectacles_value_type = 2;
pub const SPECTACLES_VALUE_TRUE: spectacles_value_type = 3;
pub const SPECTACLES_VALUE_INTEGER: spectacles_value_type = 4;
pub const SPECTACLES_VALUE_NUMBER: spectacles_value_type = 5;
pub const SPECTACLES_VALUE_TEXT: spectacles_value_type = 6;
pub const SPECTACLES_VALUE_ARRAY: spectacles_value_type = 7;
pub const SPECTACLES_VALUE_OBJECT: spectacles_value_type = 8;
pub type spectacles_value_type = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_document_new(
        out: *mut *mut spectacles_document,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_free(document: *mut spectacles_document);
}
extern "C" {
    pub fn spectacles_document_clear(document: *mut spectacles_document);
}
extern "C" {
    pub fn spectacles_document_parse(
        document: *mut spectacles_document,
        format: u32,
        flags: u32,
        bytes: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_root(
        document: *const spectacles_document,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_document_set_root(
        document: *mut spectacles_document,
        value: *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_write(
        value: *const spectacles_value,
        format: u32,
        out: *mut spectacles_bytes,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_type(value: *const spectacles_value) -> u32;
}
extern "C" {
    pub fn spectacles_value_is_true(
        value: *const spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_int64(
        value: *const spectacles_value,
        out: *mut i64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_uint64(
        value: *const spectacles_value,
        out: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_double(
        value: *const spectacles_value,
        out: *mut f64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_snowflake(
        value: *const spectacles_value,
        out: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_text(
        value: *const spectacles_value,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_value_count(value: *const spectacles_value) -> usize;
}
extern "C" {
    pub fn spectacles_value_first(
        container: *const spectacles_value,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_value_next(
        value: *const spectacles_value,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_value_key(
        value: *const spectacles_value,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_value_get(
        object: *const spectacles_value,
        key: *const ::std::os::raw::c_char,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_value_member(
        object: *const spectacles_value,
        key: *const ::std::os::raw::c_char,
        length: usize,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_value_at(
        array: *const spectacles_value,
        index: usize,
    ) -> *mut spectacles_value;
}
extern "C" {
    pub fn spectacles_document_null(
        document: *mut spectacles_document,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_bool(
        document: *mut spectacles_document,
        truth: ::std::os::raw::c_int,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_int64(
        document: *mut spectacles_document,
        number: i64,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_uint64(
        document: *mut spectacles_document,
        number: u64,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_array(
        document: *mut spectacles_document,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_object(
        document: *mut spectacles_document,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_double(
        document: *mut spectacles_document,
        number: f64,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_number(
        document: *mut spectacles_document,
        text: *const ::std::os::raw::c_char,
        length: usize,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_document_text(
        document: *mut spectacles_document,
        text: *const ::std::os::raw::c_char,
        length: usize,
        out: *mut *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_append(
        array: *mut spectacles_value,
        value: *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_set(
        object: *mut spectacles_value,
        key: *const ::std::os::raw::c_char,
        length: usize,
        value: *mut spectacles_value,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_value_detach(value: *mut spectacles_value);
}
pub const SPECTACLES_GATEWAY_BOT_FINE: spectacles_gateway_bot_verdict = 0;
pub const SPECTACLES_GATEWAY_BOT_AGAIN: spectacles_gateway_bot_verdict = 1;
pub const SPECTACLES_GATEWAY_BOT_TOKEN: spectacles_gateway_bot_verdict = 2;
pub type spectacles_gateway_bot_verdict = ::std::os::raw::c_uint;
pub const SPECTACLES_GATEWAY_BOT_URL_SIZE: spectacles_gateway_bot_limit = 512;
pub const SPECTACLES_GATEWAY_BOT_TEXT_SIZE: spectacles_gateway_bot_limit = 512;
pub const SPECTACLES_GATEWAY_BOT_SHARDS_MAX: spectacles_gateway_bot_limit = 65536;
pub type spectacles_gateway_bot_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gateway_bot {
    pub size: u32,
    pub verdict: u32,
    pub wait: u64,
    pub global: u32,
    pub shard_count: u32,
    pub max_concurrency: u32,
    pub total: u32,
    pub remaining: u32,
    pub reserved: u32,
    pub reset_after: u64,
    pub url: [::std::os::raw::c_char; 512usize],
    pub text: [::std::os::raw::c_char; 512usize],
}
extern "C" {
    pub fn spectacles_gateway_bot_init(out: *mut spectacles_gateway_bot, size: usize);
}
extern "C" {
    pub fn spectacles_gateway_bot_read(
        out: *mut spectacles_gateway_bot,
        status: u32,
        retry_after: *const ::std::os::raw::c_char,
        retry_after_length: usize,
        body: *const u8,
        body_length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_bot_verdict_name(
        verdict: u32,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_shard {
    _unused: [u8; 0],
}
pub const SPECTACLES_SHARD_IDLE: spectacles_shard_state = 0;
pub const SPECTACLES_SHARD_CONNECTING: spectacles_shard_state = 1;
pub const SPECTACLES_SHARD_UPGRADING: spectacles_shard_state = 2;
pub const SPECTACLES_SHARD_HELLO: spectacles_shard_state = 3;
pub const SPECTACLES_SHARD_IDENTIFY_WAIT: spectacles_shard_state = 4;
pub const SPECTACLES_SHARD_IDENTIFYING: spectacles_shard_state = 5;
pub const SPECTACLES_SHARD_RESUMING: spectacles_shard_state = 6;
pub const SPECTACLES_SHARD_READY: spectacles_shard_state = 7;
pub const SPECTACLES_SHARD_CLOSING: spectacles_shard_state = 8;
pub const SPECTACLES_SHARD_BACKOFF: spectacles_shard_state = 9;
pub const SPECTACLES_SHARD_CLOSED: spectacles_shard_state = 10;
pub const SPECTACLES_SHARD_FATAL: spectacles_shard_state = 11;
pub type spectacles_shard_state = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_session {
    pub size: u32,
    pub shard_id: u32,
    pub shard_count: u32,
    pub seq: u64,
    pub session_id: *const ::std::os::raw::c_char,
    pub resume_url: *const ::std::os::raw::c_char,
    pub format: u32,
    pub reserved: u32,
}
pub const SPECTACLES_COMPRESSION_NONE: spectacles_compression = 0;
pub const SPECTACLES_COMPRESSION_ZLIB_STREAM: spectacles_compression = 1;
pub const SPECTACLES_COMPRESSION_ZSTD_STREAM: spectacles_compression = 2;
pub const SPECTACLES_COMPRESSION_PAYLOAD: spectacles_compression = 3;
pub type spectacles_compression = ::std::os::raw::c_uint;
pub const SPECTACLES_SHARD_COMMITS: spectacles_shard_flag = 1;
pub const SPECTACLES_SHARD_STORED_HEARTBEATS: spectacles_shard_flag = 2;
pub type spectacles_shard_flag = ::std::os::raw::c_uint;
pub const SPECTACLES_CAPABILITY_CHANNEL_OBFUSCATION: spectacles_capability = 32768;
pub type spectacles_capability = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_shard_config {
    pub size: u32,
    pub flags: u32,
    pub shard_id: u32,
    pub shard_count: u32,
    pub gateway_version: u32,
    pub large_threshold: u32,
    pub intents: u64,
    pub seed: u64,
    pub token: *const ::std::os::raw::c_char,
    pub gateway_url: *const ::std::os::raw::c_char,
    pub presence: *const ::std::os::raw::c_char,
    pub user_agent: *const ::std::os::raw::c_char,
    pub session: *const spectacles_session,
    pub max_message: u64,
    pub high_water: u64,
    pub format: u32,
    pub compression: u32,
    pub max_inflated: u64,
    pub max_ratio: u64,
    pub capabilities: u64,
}
pub const SPECTACLES_SHARD_EVENT_CONNECTING: spectacles_shard_event_type = 1;
pub const SPECTACLES_SHARD_EVENT_IDENTIFY: spectacles_shard_event_type = 2;
pub const SPECTACLES_SHARD_EVENT_READY: spectacles_shard_event_type = 3;
pub const SPECTACLES_SHARD_EVENT_RESUMED: spectacles_shard_event_type = 4;
pub const SPECTACLES_SHARD_EVENT_DISPATCH: spectacles_shard_event_type = 5;
pub const SPECTACLES_SHARD_EVENT_LATENCY: spectacles_shard_event_type = 6;
pub const SPECTACLES_SHARD_EVENT_SENT: spectacles_shard_event_type = 7;
pub const SPECTACLES_SHARD_EVENT_UNSENT: spectacles_shard_event_type = 8;
pub const SPECTACLES_SHARD_EVENT_DISCONNECTED: spectacles_shard_event_type = 9;
pub const SPECTACLES_SHARD_EVENT_GAP: spectacles_shard_event_type = 10;
pub const SPECTACLES_SHARD_EVENT_CLOSED: spectacles_shard_event_type = 11;
pub const SPECTACLES_SHARD_EVENT_FATAL: spectacles_shard_event_type = 12;
pub const SPECTACLES_SHARD_EVENT_LATE: spectacles_shard_event_type = 13;
pub const SPECTACLES_SHARD_EVENT_STATE: spectacles_shard_event_type = 14;
pub const SPECTACLES_SHARD_EVENT_PLAIN: spectacles_shard_event_type = 15;
pub type spectacles_shard_event_type = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_shard_event {
    pub type_: u32,
    pub code: u32,
    pub error: i32,
    pub format: u32,
    pub seq: u64,
    pub ticket: u64,
    pub duration: u64,
    pub until: u64,
    pub name: *const ::std::os::raw::c_char,
    pub name_length: usize,
    pub data: *const u8,
    pub data_length: usize,
    pub text: *const ::std::os::raw::c_char,
    pub text_length: usize,
    pub session_id: *const ::std::os::raw::c_char,
    pub session_id_length: usize,
    pub state: u32,
    pub reserved: u32,
    pub hold_until: u64,
}
pub const SPECTACLES_SHARD_OP_COUNT: spectacles_shard_op_count = 48;
pub type spectacles_shard_op_count = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_shard_stats {
    pub size: u32,
    pub reserved: u32,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub payloads_received: u64,
    pub payloads_sent: u64,
    pub payloads_unknown: u64,
    pub dispatches: u64,
    pub connects: u64,
    pub identifies: u64,
    pub resumes: u64,
    pub latency: u64,
    pub bytes_compressed: u64,
    pub bytes_inflated: u64,
    pub reconnects: u64,
    pub received_by_op: [u64; 48usize],
    pub sent_by_op: [u64; 48usize],
    pub heartbeats_late: u64,
    pub messages_plain: u64,
    pub received: u64,
    pub committed: u64,
}
extern "C" {
    pub fn spectacles_shard_config_init(
        config: *mut spectacles_shard_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_session_init(session: *mut spectacles_session, size: usize);
}
extern "C" {
    pub fn spectacles_shard_stats_init(stats: *mut spectacles_shard_stats, size: usize);
}
extern "C" {
    pub fn spectacles_shard_new(
        out: *mut *mut spectacles_shard,
        config: *const spectacles_shard_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_token_check(
        token: *const ::std::os::raw::c_char,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_token_bot(token: *const ::std::os::raw::c_char) -> u64;
}
extern "C" {
    pub fn spectacles_shard_free(shard: *mut spectacles_shard);
}
extern "C" {
    pub fn spectacles_shard_next_event(
        shard: *mut spectacles_shard,
        now: u64,
    ) -> *const spectacles_shard_event;
}
extern "C" {
    pub fn spectacles_shard_identify(
        shard: *mut spectacles_shard,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_send(
        shard: *mut spectacles_shard,
        op: u32,
        d: *const u8,
        length: usize,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_presence {
    pub size: u32,
    pub afk: u32,
    pub since: u64,
    pub status: *const ::std::os::raw::c_char,
    pub activities: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_presence_init(presence: *mut spectacles_presence, size: usize);
}
extern "C" {
    pub fn spectacles_presence_write(
        out: *mut spectacles_bytes,
        presence: *const spectacles_presence,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_send_presence(
        shard: *mut spectacles_shard,
        presence: *const spectacles_presence,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
pub const SPECTACLES_VOICE_SELF_MUTE: spectacles_voice_flag = 1;
pub const SPECTACLES_VOICE_SELF_DEAF: spectacles_voice_flag = 2;
pub type spectacles_voice_flag = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_shard_send_voice_state(
        shard: *mut spectacles_shard,
        guild_id: u64,
        channel_id: u64,
        flags: u32,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_members_request {
    pub size: u32,
    pub limit: u32,
    pub presences: u32,
    pub reserved: u32,
    pub guild_id: u64,
    pub query: *const ::std::os::raw::c_char,
    pub user_ids: *const u64,
    pub user_id_count: usize,
    pub nonce: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_members_request_init(
        request: *mut spectacles_members_request,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_members_request_write(
        out: *mut spectacles_bytes,
        request: *const spectacles_members_request,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_request_members(
        shard: *mut spectacles_shard,
        request: *const spectacles_members_request,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_request_sounds(
        shard: *mut spectacles_shard,
        guild_ids: *const u64,
        count: usize,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_request_channel_info(
        shard: *mut spectacles_shard,
        guild_id: u64,
        fields: *const *const ::std::os::raw::c_char,
        count: usize,
        now: u64,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_set_presence(
        shard: *mut spectacles_shard,
        d: *const u8,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_set_token(
        shard: *mut spectacles_shard,
        token: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_budget(
        shard: *const spectacles_shard,
        now: u64,
        remaining: *mut u32,
        refill_at: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_commit(
        shard: *mut spectacles_shard,
        seq: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_stored(
        shard: *mut spectacles_shard,
        session_id: *const ::std::os::raw::c_char,
        seq: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_session(
        shard: *const spectacles_shard,
        out: *mut spectacles_session,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_close(
        shard: *mut spectacles_shard,
        code: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_reconnect(
        shard: *mut spectacles_shard,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_hold_off(
        shard: *mut spectacles_shard,
        until: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_network_changed(shard: *mut spectacles_shard, now: u64);
}
extern "C" {
    pub fn spectacles_shard_stream(
        shard: *mut spectacles_shard,
    ) -> *mut spectacles_stream;
}
extern "C" {
    pub fn spectacles_shard_state(shard: *const spectacles_shard) -> u32;
}
extern "C" {
    pub fn spectacles_shard_state_name(state: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_shard_event_type_name(type_: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_compression_name(
        compression: u32,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_shard_id(shard: *const spectacles_shard) -> u32;
}
extern "C" {
    pub fn spectacles_shard_count(shard: *const spectacles_shard) -> u32;
}
extern "C" {
    pub fn spectacles_shard_get_stats(
        shard: *const spectacles_shard,
        out: *mut spectacles_shard_stats,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_shard_last_error(
        shard: *const spectacles_shard,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_shard_event_type(event: *const spectacles_shard_event) -> u32;
}
extern "C" {
    pub fn spectacles_shard_event_code(event: *const spectacles_shard_event) -> u32;
}
extern "C" {
    pub fn spectacles_shard_event_error(event: *const spectacles_shard_event) -> i32;
}
extern "C" {
    pub fn spectacles_shard_event_format(event: *const spectacles_shard_event) -> u32;
}
extern "C" {
    pub fn spectacles_shard_event_state(event: *const spectacles_shard_event) -> u32;
}
extern "C" {
    pub fn spectacles_shard_event_seq(event: *const spectacles_shard_event) -> u64;
}
extern "C" {
    pub fn spectacles_shard_event_ticket(event: *const spectacles_shard_event) -> u64;
}
extern "C" {
    pub fn spectacles_shard_event_duration(event: *const spectacles_shard_event) -> u64;
}
extern "C" {
    pub fn spectacles_shard_event_until(event: *const spectacles_shard_event) -> u64;
}
extern "C" {
    pub fn spectacles_shard_event_hold_until(
        event: *const spectacles_shard_event,
    ) -> u64;
}
extern "C" {
    pub fn spectacles_shard_event_name(
        event: *const spectacles_shard_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_shard_event_data(
        event: *const spectacles_shard_event,
        length: *mut usize,
    ) -> *const u8;
}
extern "C" {
    pub fn spectacles_shard_event_text(
        event: *const spectacles_shard_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_shard_event_session_id(
        event: *const spectacles_shard_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_relay {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gap {
    pub size: u32,
    pub shard_id: u32,
    pub seq: u64,
    pub next: u64,
    pub unix_time: u64,
    pub old_session_id: *const ::std::os::raw::c_char,
    pub new_session_id: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_gap_init(gap: *mut spectacles_gap, size: usize);
}
pub const SPECTACLES_RELAY_GRANTED_IDENTIFIES: spectacles_relay_flag = 1;
pub const SPECTACLES_RELAY_HOLDS_NEW_SESSIONS: spectacles_relay_flag = 2;
pub const SPECTACLES_RELAY_BROKERS_FIRST: spectacles_relay_flag = 4;
pub const SPECTACLES_RELAY_SILENT: spectacles_relay_flag = 8;
pub const SPECTACLES_RELAY_MARKS: spectacles_relay_flag = 16;
pub const SPECTACLES_RELAY_NO_COMMANDS: spectacles_relay_flag = 32;
pub type spectacles_relay_flag = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_relay_config {
    pub size: u32,
    pub shard_count: u32,
    pub own_shards: *const *mut spectacles_shard,
    pub own_shard_count: usize,
    pub events: *mut spectacles_broker,
    pub commands: *mut spectacles_broker,
    pub allow: *const *const ::std::os::raw::c_char,
    pub allow_count: usize,
    pub allow_all: u32,
    pub max_concurrency: u32,
    pub command_prefetch: u32,
    pub identify_interval: u32,
    pub unix_offset: u64,
    pub gaps: *const spectacles_gap,
    pub gap_count: usize,
    pub more_ops: *const u32,
    pub more_op_count: usize,
    pub unroutable_hold: u32,
    pub flags: u32,
    pub format: u32,
    pub window_count: u32,
    pub window_bytes: u64,
    pub drain_timeout: u32,
    pub send_prefetch: u32,
    pub command_timeout: u32,
    pub reserved: u32,
}
extern "C" {
    pub fn spectacles_relay_config_init(
        config: *mut spectacles_relay_config,
        size: usize,
    );
}
pub const SPECTACLES_RELAY_EVENT_SHARD_CONNECTING: spectacles_relay_event_type = 1;
pub const SPECTACLES_RELAY_EVENT_SHARD_IDENTIFYING: spectacles_relay_event_type = 2;
pub const SPECTACLES_RELAY_EVENT_SHARD_READY: spectacles_relay_event_type = 3;
pub const SPECTACLES_RELAY_EVENT_SHARD_RESUMED: spectacles_relay_event_type = 4;
pub const SPECTACLES_RELAY_EVENT_SHARD_DISCONNECTED: spectacles_relay_event_type = 5;
pub const SPECTACLES_RELAY_EVENT_SHARD_GAP: spectacles_relay_event_type = 6;
pub const SPECTACLES_RELAY_EVENT_SHARD_CLOSED: spectacles_relay_event_type = 7;
pub const SPECTACLES_RELAY_EVENT_SHARD_FATAL: spectacles_relay_event_type = 8;
pub const SPECTACLES_RELAY_EVENT_SHARD_LATENCY: spectacles_relay_event_type = 9;
pub const SPECTACLES_RELAY_EVENT_SHARD_LATE: spectacles_relay_event_type = 10;
pub const SPECTACLES_RELAY_EVENT_SHARD_PLAIN: spectacles_relay_event_type = 11;
pub const SPECTACLES_RELAY_EVENT_SHARD_WANTS_IDENTIFY: spectacles_relay_event_type = 12;
pub const SPECTACLES_RELAY_EVENT_SHARD_REMOVED: spectacles_relay_event_type = 13;
pub const SPECTACLES_RELAY_EVENT_BROKER_CONNECTING: spectacles_relay_event_type = 20;
pub const SPECTACLES_RELAY_EVENT_BROKER_READY: spectacles_relay_event_type = 21;
pub const SPECTACLES_RELAY_EVENT_BROKER_DISCONNECTED: spectacles_relay_event_type = 22;
pub const SPECTACLES_RELAY_EVENT_BROKER_BLOCKED: spectacles_relay_event_type = 23;
pub const SPECTACLES_RELAY_EVENT_BROKER_UNBLOCKED: spectacles_relay_event_type = 24;
pub const SPECTACLES_RELAY_EVENT_BROKER_CLOSED: spectacles_relay_event_type = 25;
pub const SPECTACLES_RELAY_EVENT_SUBSCRIBED: spectacles_relay_event_type = 26;
pub const SPECTACLES_RELAY_EVENT_UNSUBSCRIBED: spectacles_relay_event_type = 27;
pub const SPECTACLES_RELAY_EVENT_PUBLISH_FAILED: spectacles_relay_event_type = 28;
pub const SPECTACLES_RELAY_EVENT_UNROUTABLE: spectacles_relay_event_type = 29;
pub const SPECTACLES_RELAY_EVENT_COMMAND_ROUTED: spectacles_relay_event_type = 40;
pub const SPECTACLES_RELAY_EVENT_COMMAND_SENT: spectacles_relay_event_type = 41;
pub const SPECTACLES_RELAY_EVENT_COMMAND_REJECTED: spectacles_relay_event_type = 42;
pub const SPECTACLES_RELAY_EVENT_IDENTIFY_LIMIT: spectacles_relay_event_type = 43;
pub const SPECTACLES_RELAY_EVENT_RATE_LIMITED: spectacles_relay_event_type = 44;
pub const SPECTACLES_RELAY_EVENT_COMMAND_LIMITED: spectacles_relay_event_type = 45;
pub const SPECTACLES_RELAY_EVENT_MESSAGE: spectacles_relay_event_type = 46;
pub type spectacles_relay_event_type = ::std::os::raw::c_uint;
pub const SPECTACLES_RELAY_EVENTS: spectacles_relay_broker = 0;
pub const SPECTACLES_RELAY_COMMANDS: spectacles_relay_broker = 1;
pub type spectacles_relay_broker = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_relay_event {
    pub type_: u32,
    pub shard_id: u32,
    pub broker: u32,
    pub code: u32,
    pub error: i32,
    pub op: u32,
    pub seq: u64,
    pub duration: u64,
    pub until: u64,
    pub unix_time: u64,
    pub hold_until: u64,
    pub name: *const ::std::os::raw::c_char,
    pub name_length: usize,
    pub text: *const ::std::os::raw::c_char,
    pub text_length: usize,
    pub session_id: *const ::std::os::raw::c_char,
    pub session_id_length: usize,
    pub old_session_id: *const ::std::os::raw::c_char,
    pub old_session_id_length: usize,
    pub ticket: u64,
    pub body: *const u8,
    pub body_length: usize,
    pub message_id: *const ::std::os::raw::c_char,
    pub message_id_length: usize,
    pub format: u32,
    pub shard_count: u32,
}
pub const SPECTACLES_RELAY_LINE_SIZE: spectacles_relay_line_size = 1024;
pub type spectacles_relay_line_size = ::std::os::raw::c_uint;
pub const SPECTACLES_RELAY_LATENCY_COUNT: spectacles_relay_latency = 15;
pub type spectacles_relay_latency = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_relay_stats {
    pub size: u32,
    pub reserved: u32,
    pub dispatched: u64,
    pub filtered: u64,
    pub published: u64,
    pub confirmed: u64,
    pub commands: u64,
    pub routed: u64,
    pub sent: u64,
    pub rejected: u64,
    pub identifies: u64,
    pub gaps: u64,
    pub unroutable: u64,
    pub held: u64,
    pub limited: u64,
    pub gaps_sessions: u64,
    pub gaps_unknown: u64,
    pub gaps_dispatches: u64,
    pub disconnects: u64,
    pub resumed: u64,
    pub window_full: u64,
    pub full_time: u64,
    pub blocked_time: u64,
    pub unconfirmed: u64,
    pub identifies_total: u64,
    pub identifies_left: u64,
    pub surrogates_replaced: u64,
    pub copies: u64,
    pub confirm_time: u64,
    pub confirm_latency: [u64; 15usize],
}
extern "C" {
    pub fn spectacles_relay_stats_init(stats: *mut spectacles_relay_stats, size: usize);
}
pub const SPECTACLES_SERVICE_SERVED: spectacles_relay_service = 0;
pub const SPECTACLES_SERVICE_LEAVING: spectacles_relay_service = 1;
pub const SPECTACLES_SERVICE_CLOSING: spectacles_relay_service = 2;
pub const SPECTACLES_SERVICE_LEFT: spectacles_relay_service = 3;
pub type spectacles_relay_service = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_relay_shard_stats {
    pub size: u32,
    pub service: u32,
    pub unconfirmed: u64,
    pub packets: u64,
    pub gaps: u64,
}
extern "C" {
    pub fn spectacles_relay_shard_stats_init(
        stats: *mut spectacles_relay_shard_stats,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_relay_new(
        out: *mut *mut spectacles_relay,
        config: *const spectacles_relay_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_free(relay: *mut spectacles_relay);
}
extern "C" {
    pub fn spectacles_relay_set_flags(relay: *mut spectacles_relay, flags: u32);
}
extern "C" {
    pub fn spectacles_relay_identify_limit(
        relay: *mut spectacles_relay,
        total: u32,
        remaining: u32,
        reset_after: u64,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_add_shard(
        relay: *mut spectacles_relay,
        shard: *mut spectacles_shard,
        gaps: *const spectacles_gap,
        count: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_remove_shard(
        relay: *mut spectacles_relay,
        shard_id: u32,
        code: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_drop_shard(
        relay: *mut spectacles_relay,
        shard_id: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_grant_identify(
        relay: *mut spectacles_relay,
        shard_id: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_session_stored(
        relay: *mut spectacles_relay,
        shard_id: u32,
        session_id: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_acknowledge(
        relay: *mut spectacles_relay,
        ticket: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_send(
        relay: *mut spectacles_relay,
        shard_id: u32,
        op: u32,
        d: *const u8,
        length: usize,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_set_allow(
        relay: *mut spectacles_relay,
        allow: *const *const ::std::os::raw::c_char,
        count: usize,
        allow_all: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_set_max_concurrency(
        relay: *mut spectacles_relay,
        max_concurrency: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_set_unix_offset(
        relay: *mut spectacles_relay,
        unix_offset: u64,
    );
}
extern "C" {
    pub fn spectacles_relay_next_event(
        relay: *mut spectacles_relay,
        now: u64,
    ) -> *const spectacles_relay_event;
}
extern "C" {
    pub fn spectacles_relay_deadline(relay: *const spectacles_relay) -> u64;
}
extern "C" {
    pub fn spectacles_relay_stop(
        relay: *mut spectacles_relay,
        code: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_stopped(
        relay: *const spectacles_relay,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_next_changed(
        relay: *const spectacles_relay,
        last: *const spectacles_shard,
    ) -> *mut spectacles_shard;
}
extern "C" {
    pub fn spectacles_relay_forget_changed(relay: *mut spectacles_relay);
}
extern "C" {
    pub fn spectacles_relay_gap(
        relay: *const spectacles_relay,
        shard_id: u32,
        index: usize,
        out: *mut spectacles_gap,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_get_stats(
        relay: *const spectacles_relay,
        out: *mut spectacles_relay_stats,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_get_shard_stats(
        relay: *const spectacles_relay,
        shard_id: u32,
        out: *mut spectacles_relay_shard_stats,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_event_count(
        relay: *const spectacles_relay,
        index: usize,
        name: *mut *const ::std::os::raw::c_char,
        count: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_close_count(
        relay: *const spectacles_relay,
        index: usize,
        code: *mut u32,
        count: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_relay_last_error(
        relay: *const spectacles_relay,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_type_name(type_: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_describe(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        event: *const spectacles_relay_event,
        now: u64,
    ) -> usize;
}
extern "C" {
    pub fn spectacles_relay_event_type(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_shard_id(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_broker(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_code(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_error(event: *const spectacles_relay_event) -> i32;
}
extern "C" {
    pub fn spectacles_relay_event_op(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_seq(event: *const spectacles_relay_event) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_duration(event: *const spectacles_relay_event) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_until(event: *const spectacles_relay_event) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_unix_time(event: *const spectacles_relay_event) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_hold_until(
        event: *const spectacles_relay_event,
    ) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_name(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_text(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_session_id(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_old_session_id(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_relay_event_ticket(event: *const spectacles_relay_event) -> u64;
}
extern "C" {
    pub fn spectacles_relay_event_format(event: *const spectacles_relay_event) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_shard_count(
        event: *const spectacles_relay_event,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_relay_event_body(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const u8;
}
extern "C" {
    pub fn spectacles_relay_event_message_id(
        event: *const spectacles_relay_event,
        length: *mut usize,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet {
    _unused: [u8; 0],
}
pub const SPECTACLES_FLEET_SLOTS_MAX: spectacles_fleet_limit = 64;
pub const SPECTACLES_FLEET_MEMBERS_MAX: spectacles_fleet_limit = 128;
pub const SPECTACLES_FLEET_NAME_SIZE: spectacles_fleet_limit = 64;
pub type spectacles_fleet_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet_config {
    pub size: u32,
    pub weight: u32,
    pub broker: *mut spectacles_broker,
    pub group: *const ::std::os::raw::c_char,
    pub member: *const ::std::os::raw::c_char,
    pub zone: *const ::std::os::raw::c_char,
    pub token: *const ::std::os::raw::c_char,
    pub shard_count: u32,
    pub generation: u32,
    pub identify_reserve: u32,
    pub settle: u32,
    pub seed: u64,
}
pub const SPECTACLES_FLEET_EVENT_ADD_SHARD: spectacles_fleet_event_type = 1;
pub const SPECTACLES_FLEET_EVENT_REMOVE_SHARD: spectacles_fleet_event_type = 2;
pub const SPECTACLES_FLEET_EVENT_DROP_SHARD: spectacles_fleet_event_type = 3;
pub const SPECTACLES_FLEET_EVENT_GRANT_IDENTIFY: spectacles_fleet_event_type = 4;
pub const SPECTACLES_FLEET_EVENT_SESSION_STORED: spectacles_fleet_event_type = 5;
pub const SPECTACLES_FLEET_EVENT_WANTS_LIMITS: spectacles_fleet_event_type = 6;
pub const SPECTACLES_FLEET_EVENT_SHARDING: spectacles_fleet_event_type = 7;
pub const SPECTACLES_FLEET_EVENT_SHARDING_ENDED: spectacles_fleet_event_type = 8;
pub const SPECTACLES_FLEET_EVENT_SLOT: spectacles_fleet_event_type = 20;
pub const SPECTACLES_FLEET_EVENT_MEMBER_JOINED: spectacles_fleet_event_type = 21;
pub const SPECTACLES_FLEET_EVENT_MEMBER_LEFT: spectacles_fleet_event_type = 22;
pub const SPECTACLES_FLEET_EVENT_LEADER: spectacles_fleet_event_type = 23;
pub const SPECTACLES_FLEET_EVENT_PROBLEM: spectacles_fleet_event_type = 24;
pub const SPECTACLES_FLEET_EVENT_RESHARDING: spectacles_fleet_event_type = 25;
pub const SPECTACLES_FLEET_EVENT_BROKER_READY: spectacles_fleet_event_type = 30;
pub const SPECTACLES_FLEET_EVENT_BROKER_DISCONNECTED: spectacles_fleet_event_type = 31;
pub type spectacles_fleet_event_type = ::std::os::raw::c_uint;
pub const SPECTACLES_FLEET_IDLE: spectacles_fleet_slot_state = 0;
pub const SPECTACLES_FLEET_WAITING: spectacles_fleet_slot_state = 1;
pub const SPECTACLES_FLEET_CLAIMING: spectacles_fleet_slot_state = 2;
pub const SPECTACLES_FLEET_OWNED: spectacles_fleet_slot_state = 3;
pub const SPECTACLES_FLEET_RELEASING: spectacles_fleet_slot_state = 4;
pub const SPECTACLES_FLEET_DOUBTFUL: spectacles_fleet_slot_state = 5;
pub type spectacles_fleet_slot_state = ::std::os::raw::c_uint;
pub const SPECTACLES_FLEET_STABLE: spectacles_fleet_phase = 0;
pub const SPECTACLES_FLEET_PREPARE: spectacles_fleet_phase = 1;
pub const SPECTACLES_FLEET_WARMING: spectacles_fleet_phase = 2;
pub const SPECTACLES_FLEET_OVERLAP: spectacles_fleet_phase = 3;
pub const SPECTACLES_FLEET_CLOSING: spectacles_fleet_phase = 4;
pub const SPECTACLES_FLEET_ABORTING: spectacles_fleet_phase = 5;
pub type spectacles_fleet_phase = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet_event {
    pub type_: u32,
    pub error: i32,
    pub shard_id: u32,
    pub shard_count: u32,
    pub slot: u32,
    pub state: u32,
    pub code: u32,
    pub flags: u32,
    pub epoch: u64,
    pub until: u64,
    pub session: *const spectacles_session,
    pub gaps: *const spectacles_gap,
    pub gap_count: usize,
    pub member: *const ::std::os::raw::c_char,
    pub text: *const ::std::os::raw::c_char,
    pub text_length: usize,
    pub phase: u32,
    pub reserved: u32,
}
extern "C" {
    pub fn spectacles_fleet_config_init(
        config: *mut spectacles_fleet_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_fleet_new(
        out: *mut *mut spectacles_fleet,
        config: *const spectacles_fleet_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_free(fleet: *mut spectacles_fleet);
}
extern "C" {
    pub fn spectacles_fleet_next_event(
        fleet: *mut spectacles_fleet,
        now: u64,
    ) -> *const spectacles_fleet_event;
}
extern "C" {
    pub fn spectacles_fleet_deadline(fleet: *const spectacles_fleet) -> u64;
}
extern "C" {
    pub fn spectacles_fleet_set_unix_offset(
        fleet: *mut spectacles_fleet,
        unix_offset: u64,
    );
}
extern "C" {
    pub fn spectacles_fleet_report(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        session: *const spectacles_session,
        gaps: *const spectacles_gap,
        count: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_removed(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        session: *const spectacles_session,
        gaps: *const spectacles_gap,
        count: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_connected(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_disconnected(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_wants_identify(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_identified(
        fleet: *mut spectacles_fleet,
        shard_id: u32,
        shard_count: u32,
        sent: ::std::os::raw::c_int,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_set_limits(
        fleet: *mut spectacles_fleet,
        answer: *const spectacles_gateway_bot,
        asked_at: u64,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_leave(fleet: *mut spectacles_fleet, now: u64);
}
extern "C" {
    pub fn spectacles_fleet_has_left(
        fleet: *const spectacles_fleet,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_move(
        fleet: *mut spectacles_fleet,
        slot: u32,
        member: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_reshard(
        fleet: *mut spectacles_fleet,
        shard_count: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_abort_reshard(
        fleet: *mut spectacles_fleet,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet_slot_info {
    pub size: u32,
    pub state: u32,
    pub epoch: u64,
    pub owner: [::std::os::raw::c_char; 64usize],
    pub planned: [::std::os::raw::c_char; 64usize],
    pub standby: [::std::os::raw::c_char; 64usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet_member_info {
    pub size: u32,
    pub weight: u32,
    pub slot_count: u32,
    pub leaves: u32,
    pub heard_at: u64,
    pub name: [::std::os::raw::c_char; 64usize],
    pub zone: [::std::os::raw::c_char; 64usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_fleet_resharding {
    pub size: u32,
    pub phase: u32,
    pub shard_count: u32,
    pub wanted_shards: u32,
    pub slots: u32,
    pub owned: u32,
    pub ready: u32,
    pub may_abort: u32,
    pub generation: u32,
    pub is_known: u32,
}
extern "C" {
    pub fn spectacles_fleet_resharding_init(
        out: *mut spectacles_fleet_resharding,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_fleet_progress(
        fleet: *const spectacles_fleet,
        out: *mut spectacles_fleet_resharding,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_slot_info_init(
        info: *mut spectacles_fleet_slot_info,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_fleet_member_info_init(
        info: *mut spectacles_fleet_member_info,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_fleet_slot_count(fleet: *const spectacles_fleet) -> u32;
}
extern "C" {
    pub fn spectacles_fleet_slot(
        fleet: *const spectacles_fleet,
        slot: u32,
        out: *mut spectacles_fleet_slot_info,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_member(
        fleet: *const spectacles_fleet,
        index: usize,
        out: *mut spectacles_fleet_member_info,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_fleet_slot_state_name(state: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_fleet_phase_name(phase: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_fleet_event_type_name(type_: u32) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_fleet_last_error(
        fleet: *const spectacles_fleet,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_proxy_from_environment(
        scheme: *const ::std::os::raw::c_char,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_no_proxy_from_environment() -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_proxy_is_excepted(
        no_proxy: *const ::std::os::raw::c_char,
        host: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_proxy_describe(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        url: *const ::std::os::raw::c_char,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_link {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_tls {
    _unused: [u8; 0],
}
pub const SPECTACLES_LINK_READ: spectacles_link_io = 1;
pub const SPECTACLES_LINK_WRITE: spectacles_link_io = 2;
pub type spectacles_link_io = ::std::os::raw::c_uint;
pub const SPECTACLES_LINK_FD: spectacles_link_change = 1;
pub const SPECTACLES_LINK_INTEREST: spectacles_link_change = 2;
pub const SPECTACLES_LINK_DEADLINE: spectacles_link_change = 4;
pub const SPECTACLES_LINK_EVENTS: spectacles_link_change = 8;
pub type spectacles_link_change = ::std::os::raw::c_uint;
pub const SPECTACLES_LINK_DESCRIPTORS: spectacles_link_flag = 1;
pub type spectacles_link_flag = ::std::os::raw::c_uint;
pub const SPECTACLES_LINK_ADDRESSES_MAX: spectacles_link_limit = 65536;
pub const SPECTACLES_LINK_ADDRESS_SIZE: spectacles_link_limit = 48;
pub type spectacles_link_limit = ::std::os::raw::c_uint;
pub const SPECTACLES_TLS_INSECURE_NO_VERIFICATION: spectacles_tls_flag = 1;
pub type spectacles_tls_flag = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_tls_config {
    pub size: u32,
    pub flags: u32,
    pub ca_file: *const ::std::os::raw::c_char,
    pub cert_file: *const ::std::os::raw::c_char,
    pub key_file: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_tls_config_init(config: *mut spectacles_tls_config, size: usize);
}
extern "C" {
    pub fn spectacles_tls_new(
        out: *mut *mut spectacles_tls,
        config: *const spectacles_tls_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_tls_free(tls: *mut spectacles_tls);
}
extern "C" {
    pub fn spectacles_tls_library() -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_link_config {
    pub size: u32,
    pub connect_timeout: u32,
    pub tls: *mut spectacles_tls,
    pub read_delay: u32,
    pub flags: u32,
    pub family: u32,
    pub keepalive_idle: u32,
    pub keepalive_interval: u32,
    pub keepalive_probes: u32,
    pub user_timeout: u32,
    pub source_address: [::std::os::raw::c_char; 48usize],
    pub proxy: *const ::std::os::raw::c_char,
    pub no_proxy: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_link_config_init(config: *mut spectacles_link_config, size: usize);
}
extern "C" {
    pub fn spectacles_link_new(
        out: *mut *mut spectacles_link,
        stream: *mut spectacles_stream,
        config: *const spectacles_link_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_free(link: *mut spectacles_link);
}
extern "C" {
    pub fn spectacles_link_set_tls(
        link: *mut spectacles_link,
        tls: *mut spectacles_tls,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_fd(link: *const spectacles_link) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_interest(link: *const spectacles_link) -> u32;
}
extern "C" {
    pub fn spectacles_link_deadline(link: *const spectacles_link) -> u64;
}
extern "C" {
    pub fn spectacles_link_process(
        link: *mut spectacles_link,
        ready: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_wants_address(
        link: *const spectacles_link,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_link_set_address(
        link: *mut spectacles_link,
        addresses: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_wants_descriptor(
        link: *const spectacles_link,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_set_descriptor(
        link: *mut spectacles_link,
        fd: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_set_no_descriptor(
        link: *mut spectacles_link,
        why: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_peer(
        link: *const spectacles_link,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_link_set_no_address(
        link: *mut spectacles_link,
        why: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_last_error(
        link: *const spectacles_link,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_resolve(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        host: *const ::std::os::raw::c_char,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_link_resolve(link: *mut spectacles_link) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_poller {
    _unused: [u8; 0],
}
pub const SPECTACLES_POLLER_AUTO: spectacles_poller_kind = 0;
pub const SPECTACLES_POLLER_EPOLL: spectacles_poller_kind = 1;
pub const SPECTACLES_POLLER_KQUEUE: spectacles_poller_kind = 2;
pub const SPECTACLES_POLLER_POLL: spectacles_poller_kind = 3;
pub type spectacles_poller_kind = ::std::os::raw::c_uint;
pub const SPECTACLES_POLLER_BUDGET_MAX: spectacles_poller_limit = 1000;
pub type spectacles_poller_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_poller_config {
    pub size: u32,
    pub kind: u32,
    pub latency_budget: u32,
    pub reserved: u32,
}
extern "C" {
    pub fn spectacles_poller_config_init(
        config: *mut spectacles_poller_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_poller_new(
        out: *mut *mut spectacles_poller,
        config: *const spectacles_poller_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_free(poller: *mut spectacles_poller);
}
extern "C" {
    pub fn spectacles_poller_add(
        poller: *mut spectacles_poller,
        link: *mut spectacles_link,
        id: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_remove(
        poller: *mut spectacles_poller,
        link: *mut spectacles_link,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_watch(
        poller: *mut spectacles_poller,
        fd: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_unwatch(
        poller: *mut spectacles_poller,
        fd: ::std::os::raw::c_int,
    );
}
extern "C" {
    pub fn spectacles_poller_is_readable(
        poller: *mut spectacles_poller,
        fd: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_raise_descriptors(
        needed: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_fd(poller: *mut spectacles_poller) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_deadline(poller: *const spectacles_poller) -> u64;
}
extern "C" {
    pub fn spectacles_poller_wait(
        poller: *mut spectacles_poller,
        until: u64,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_process(
        poller: *mut spectacles_poller,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_flush(
        poller: *mut spectacles_poller,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_next_link(
        poller: *mut spectacles_poller,
        id: *mut u64,
    ) -> *mut spectacles_link;
}
extern "C" {
    pub fn spectacles_poller_set_latency_budget(
        poller: *mut spectacles_poller,
        milliseconds: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_poller_kind(poller: *const spectacles_poller) -> u32;
}
extern "C" {
    pub fn spectacles_poller_last_error(
        poller: *const spectacles_poller,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_state {
    _unused: [u8; 0],
}
pub const SPECTACLES_STATE_MAX: spectacles_state_limit = 67108864;
pub type spectacles_state_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_state_config {
    pub size: u32,
    pub shard_count: u32,
    pub intents: u64,
    pub token: *const ::std::os::raw::c_char,
    pub writer: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn spectacles_state_config_init(
        config: *mut spectacles_state_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_state_new(
        out: *mut *mut spectacles_state,
        config: *const spectacles_state_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_open(
        out: *mut *mut spectacles_state,
        bytes: *const u8,
        length: usize,
        writer: *const ::std::os::raw::c_char,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_free(state: *mut spectacles_state);
}
extern "C" {
    pub fn spectacles_state_read(
        state: *mut spectacles_state,
        bytes: *const u8,
        length: usize,
        unix_time: u64,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_lost(state: *mut spectacles_state, unix_time: u64);
}
extern "C" {
    pub fn spectacles_state_noticed_at(state: *const spectacles_state) -> u64;
}
extern "C" {
    pub fn spectacles_state_shard_count(state: *const spectacles_state) -> u32;
}
extern "C" {
    pub fn spectacles_state_intents(state: *const spectacles_state) -> u64;
}
extern "C" {
    pub fn spectacles_state_read_writer(
        state: *const spectacles_state,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_state_write(
        state: *const spectacles_state,
        out: *mut spectacles_bytes,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_write_shards(
        state: *const spectacles_state,
        shard_ids: *const u32,
        count: usize,
        out: *mut spectacles_bytes,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_take(
        state: *mut spectacles_state,
        relay: *mut spectacles_relay,
        unix_time: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_set(
        state: *mut spectacles_state,
        shard_id: u32,
        session: *const spectacles_session,
        gaps: *const spectacles_gap,
        count: usize,
        unix_time: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_set_token(
        state: *mut spectacles_state,
        token: *const ::std::os::raw::c_char,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_session(
        state: *const spectacles_state,
        shard_id: u32,
        out: *mut spectacles_session,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_gap(
        state: *const spectacles_state,
        shard_id: u32,
        index: usize,
        out: *mut spectacles_gap,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_gaps(
        state: *mut spectacles_state,
        shards: *const *mut spectacles_shard,
        count: usize,
        gaps: *mut *const spectacles_gap,
        gap_count: *mut usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_state_count(state: *const spectacles_state) -> usize;
}
extern "C" {
    pub fn spectacles_state_shard_id(
        state: *const spectacles_state,
        index: usize,
    ) -> u32;
}
extern "C" {
    pub fn spectacles_state_time(state: *const spectacles_state, shard_id: u32) -> u64;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gateway {
    _unused: [u8; 0],
}
pub const SPECTACLES_GATEWAY_NO_SHARDS: spectacles_gateway_flag = 1;
pub const SPECTACLES_GATEWAY_NO_LINKS: spectacles_gateway_flag = 2;
pub const SPECTACLES_GATEWAY_RESOLVES: spectacles_gateway_flag = 4;
pub type spectacles_gateway_flag = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gateway_config {
    pub size: u32,
    pub flags: u32,
    pub shard: *const spectacles_shard_config,
    pub shard_ids: *const u32,
    pub shard_id_count: usize,
    pub broker: *const spectacles_broker_config,
    pub relay: *const spectacles_relay_config,
    pub link: *const spectacles_link_config,
    pub poller: *const spectacles_poller_config,
    pub state: *const spectacles_state,
    pub broker_link: *const spectacles_link_config,
}
extern "C" {
    pub fn spectacles_gateway_config_init(
        config: *mut spectacles_gateway_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_gateway_new(
        out: *mut *mut spectacles_gateway,
        config: *const spectacles_gateway_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_free(gateway: *mut spectacles_gateway);
}
extern "C" {
    pub fn spectacles_gateway_fd(
        gateway: *mut spectacles_gateway,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_deadline(gateway: *const spectacles_gateway) -> u64;
}
extern "C" {
    pub fn spectacles_gateway_timeout(
        gateway: *const spectacles_gateway,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_wait(
        gateway: *mut spectacles_gateway,
        until: u64,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_process(
        gateway: *mut spectacles_gateway,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_next_event(
        gateway: *mut spectacles_gateway,
        now: u64,
    ) -> *const spectacles_relay_event;
}
extern "C" {
    pub fn spectacles_gateway_wants_address(
        gateway: *const spectacles_gateway,
        index: usize,
    ) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_gateway_set_address(
        gateway: *mut spectacles_gateway,
        host: *const ::std::os::raw::c_char,
        numeric: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_no_address(
        gateway: *mut spectacles_gateway,
        host: *const ::std::os::raw::c_char,
        why: *const ::std::os::raw::c_char,
        length: usize,
    );
}
extern "C" {
    pub fn spectacles_gateway_network_changed(
        gateway: *mut spectacles_gateway,
        now: u64,
    );
}
extern "C" {
    pub fn spectacles_gateway_descriptors(gateway: *const spectacles_gateway) -> usize;
}
extern "C" {
    pub fn spectacles_gateway_acknowledge(
        gateway: *mut spectacles_gateway,
        ticket: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_send(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        op: u32,
        d: *const u8,
        length: usize,
        ticket: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_presence(
        gateway: *mut spectacles_gateway,
        d: *const u8,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_shard_presence(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        d: *const u8,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_token(
        gateway: *mut spectacles_gateway,
        token: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_tls(
        gateway: *mut spectacles_gateway,
        tls: *mut spectacles_tls,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_broker_tls(
        gateway: *mut spectacles_gateway,
        tls: *mut spectacles_tls,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_broker_urls(
        gateway: *mut spectacles_gateway,
        urls: *const *const ::std::os::raw::c_char,
        count: usize,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_allow(
        gateway: *mut spectacles_gateway,
        allow: *const *const ::std::os::raw::c_char,
        count: usize,
        allow_all: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_latency_budget(
        gateway: *mut spectacles_gateway,
        milliseconds: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_limits(
        gateway: *mut spectacles_gateway,
        answer: *const spectacles_gateway_bot,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_grant_identify(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_set_flags(gateway: *mut spectacles_gateway, flags: u32);
}
extern "C" {
    pub fn spectacles_gateway_add_shard(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        session: *const spectacles_session,
        gaps: *const spectacles_gap,
        count: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_add_stored_shard(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        state: *const spectacles_state,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_remove_shard(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        code: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_drop_shard(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_take_state(
        gateway: *mut spectacles_gateway,
        unix_time: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_write_state(
        gateway: *const spectacles_gateway,
        out: *mut spectacles_bytes,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_next_changed(
        gateway: *mut spectacles_gateway,
        shard_id: *mut u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_write_shards(
        gateway: *const spectacles_gateway,
        shard_ids: *const u32,
        count: usize,
        out: *mut spectacles_bytes,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_session_stored(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
        session_id: *const ::std::os::raw::c_char,
        seq: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_state_stored(gateway: *mut spectacles_gateway);
}
extern "C" {
    pub fn spectacles_gateway_session(
        gateway: *const spectacles_gateway,
        shard_id: u32,
        out: *mut spectacles_session,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_gap(
        gateway: *const spectacles_gateway,
        shard_id: u32,
        index: usize,
        out: *mut spectacles_gap,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_stop(
        gateway: *mut spectacles_gateway,
        code: u32,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_stopped(
        gateway: *const spectacles_gateway,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gateway_stats {
    pub size: u32,
    pub reserved: u32,
    pub shards: u64,
    pub ready: u64,
    pub received: u64,
    pub filtered: u64,
    pub published: u64,
    pub confirmed: u64,
    pub unconfirmed: u64,
    pub unroutable: u64,
    pub surrogates_replaced: u64,
    pub gaps_sessions: u64,
    pub gaps_unknown: u64,
    pub gaps_dispatches: u64,
    pub commands: u64,
    pub routed: u64,
    pub sent: u64,
    pub rejected: u64,
    pub limited: u64,
    pub identifies: u64,
    pub identifies_total: u64,
    pub identifies_left: u64,
    pub connects: u64,
    pub disconnects: u64,
    pub resumes: u64,
    pub resumed: u64,
    pub heartbeats_late: u64,
    pub window_full: u64,
    pub full_time: u64,
    pub blocked_time: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub bytes_compressed: u64,
    pub bytes_inflated: u64,
    pub payloads_received: u64,
    pub payloads_sent: u64,
    pub broker_connects: u64,
    pub republished: u64,
    pub broker_bytes_received: u64,
    pub broker_bytes_sent: u64,
    pub copies: u64,
    pub confirm_time: u64,
    pub confirm_latency: [u64; 15usize],
}
extern "C" {
    pub fn spectacles_gateway_stats_init(
        stats: *mut spectacles_gateway_stats,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_gateway_get_stats(
        gateway: *const spectacles_gateway,
        out: *mut spectacles_gateway_stats,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_gateway_shard_stats {
    pub size: u32,
    pub state: u32,
    pub received: u64,
    pub committed: u64,
    pub stored: u64,
    pub unconfirmed: u64,
    pub packets: u64,
    pub gaps: u64,
    pub latency: u64,
    pub connects: u64,
    pub identifies: u64,
    pub resumes: u64,
    pub heartbeats_late: u64,
    pub bytes_received: u64,
    pub bytes_inflated: u64,
    pub payloads_received: u64,
    pub payloads_sent: u64,
    pub service: u32,
    pub reserved: u32,
}
extern "C" {
    pub fn spectacles_gateway_shard_stats_init(
        stats: *mut spectacles_gateway_shard_stats,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_gateway_get_shard_stats(
        gateway: *const spectacles_gateway,
        shard_id: u32,
        out: *mut spectacles_gateway_shard_stats,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_event_count(
        gateway: *const spectacles_gateway,
        index: usize,
        name: *mut *const ::std::os::raw::c_char,
        count: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_close_count(
        gateway: *const spectacles_gateway,
        index: usize,
        code: *mut u32,
        count: *mut u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_gateway_relay(
        gateway: *mut spectacles_gateway,
    ) -> *mut spectacles_relay;
}
extern "C" {
    pub fn spectacles_gateway_poller(
        gateway: *mut spectacles_gateway,
    ) -> *mut spectacles_poller;
}
extern "C" {
    pub fn spectacles_gateway_shard(
        gateway: *mut spectacles_gateway,
        shard_id: u32,
    ) -> *mut spectacles_shard;
}
extern "C" {
    pub fn spectacles_gateway_broker(
        gateway: *mut spectacles_gateway,
        broker: u32,
    ) -> *mut spectacles_broker;
}
extern "C" {
    pub fn spectacles_gateway_shards(
        gateway: *const spectacles_gateway,
        count: *mut usize,
    ) -> *const *mut spectacles_shard;
}
extern "C" {
    pub fn spectacles_gateway_last_error(
        gateway: *const spectacles_gateway,
    ) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_resolver {
    _unused: [u8; 0],
}
pub const SPECTACLES_RESOLVER_LOOKUPS_MAX: spectacles_resolver_limit = 8;
pub const SPECTACLES_RESOLVER_URGENT_MAX: spectacles_resolver_limit = 4;
pub type spectacles_resolver_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_resolver_config {
    pub size: u32,
    pub timeout: u32,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_answer {
    pub host: *const ::std::os::raw::c_char,
    pub addresses: *const ::std::os::raw::c_char,
    pub addresses_length: usize,
    pub why: *const ::std::os::raw::c_char,
    pub why_length: usize,
}
extern "C" {
    pub fn spectacles_resolver_config_init(
        config: *mut spectacles_resolver_config,
        size: usize,
    );
}
extern "C" {
    pub fn spectacles_resolver_new(
        out: *mut *mut spectacles_resolver,
        config: *const spectacles_resolver_config,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_resolver_free(resolver: *mut spectacles_resolver);
}
extern "C" {
    pub fn spectacles_resolver_fd(
        resolver: *const spectacles_resolver,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_resolver_deadline(resolver: *const spectacles_resolver) -> u64;
}
extern "C" {
    pub fn spectacles_resolver_ask(
        resolver: *mut spectacles_resolver,
        host: *const ::std::os::raw::c_char,
        urgent: ::std::os::raw::c_int,
        now: u64,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_resolver_next_answer(
        resolver: *mut spectacles_resolver,
        now: u64,
    ) -> *const spectacles_answer;
}
extern "C" {
    pub fn spectacles_route_send_key() -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_route_gap_key() -> *const ::std::os::raw::c_char;
}
pub const SPECTACLES_ROUTE_MAX: spectacles_route_limit = 255;
pub type spectacles_route_limit = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_route_shard(guild_id: u64, shard_count: u32) -> u32;
}
extern "C" {
    pub fn spectacles_route_identify_bucket(shard_id: u32, max_concurrency: u32) -> u32;
}
extern "C" {
    pub fn spectacles_route_queue(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        group: *const ::std::os::raw::c_char,
        group_length: usize,
        subgroup: *const ::std::os::raw::c_char,
        subgroup_length: usize,
        event: *const ::std::os::raw::c_char,
        event_length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_route_shard_key(
        out: *mut ::std::os::raw::c_char,
        size: usize,
        shard_id: u32,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_route_parse_shard_key(
        shard_id: *mut u32,
        key: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_send {
    pub guild_id: u64,
    pub packet: *const u8,
    pub packet_length: usize,
}
extern "C" {
    pub fn spectacles_send_parse(
        out: *mut spectacles_send,
        body: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_send_build(
        out: *mut u8,
        size: usize,
        guild_id: u64,
        packet: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
pub const SPECTACLES_PACKET_MAX: spectacles_packet_limit = 4096;
pub const SPECTACLES_MEMBERS_USERS_MAX: spectacles_packet_limit = 100;
pub type spectacles_packet_limit = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct spectacles_packet {
    pub op: u32,
    pub d: *const u8,
    pub d_length: usize,
}
extern "C" {
    pub fn spectacles_packet_parse(
        out: *mut spectacles_packet,
        body: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_presence_check(
        d: *const u8,
        length: usize,
        problem: *mut spectacles_problem,
    ) -> ::std::os::raw::c_int;
}
pub const SPECTACLES_INTENT_GUILDS: spectacles_intent = 1;
pub const SPECTACLES_INTENT_GUILD_MEMBERS: spectacles_intent = 2;
pub const SPECTACLES_INTENT_GUILD_MODERATION: spectacles_intent = 4;
pub const SPECTACLES_INTENT_GUILD_EXPRESSIONS: spectacles_intent = 8;
pub const SPECTACLES_INTENT_GUILD_INTEGRATIONS: spectacles_intent = 16;
pub const SPECTACLES_INTENT_GUILD_WEBHOOKS: spectacles_intent = 32;
pub const SPECTACLES_INTENT_GUILD_INVITES: spectacles_intent = 64;
pub const SPECTACLES_INTENT_GUILD_VOICE_STATES: spectacles_intent = 128;
pub const SPECTACLES_INTENT_GUILD_PRESENCES: spectacles_intent = 256;
pub const SPECTACLES_INTENT_GUILD_MESSAGES: spectacles_intent = 512;
pub const SPECTACLES_INTENT_GUILD_MESSAGE_REACTIONS: spectacles_intent = 1024;
pub const SPECTACLES_INTENT_GUILD_MESSAGE_TYPING: spectacles_intent = 2048;
pub const SPECTACLES_INTENT_DIRECT_MESSAGES: spectacles_intent = 4096;
pub const SPECTACLES_INTENT_DIRECT_MESSAGE_REACTIONS: spectacles_intent = 8192;
pub const SPECTACLES_INTENT_DIRECT_MESSAGE_TYPING: spectacles_intent = 16384;
pub const SPECTACLES_INTENT_MESSAGE_CONTENT: spectacles_intent = 32768;
pub const SPECTACLES_INTENT_GUILD_SCHEDULED_EVENTS: spectacles_intent = 65536;
pub const SPECTACLES_INTENT_AUTO_MODERATION_CONFIGURATION: spectacles_intent = 1048576;
pub const SPECTACLES_INTENT_AUTO_MODERATION_EXECUTION: spectacles_intent = 2097152;
pub const SPECTACLES_INTENT_GUILD_MESSAGE_POLLS: spectacles_intent = 16777216;
pub const SPECTACLES_INTENT_DIRECT_MESSAGE_POLLS: spectacles_intent = 33554432;
pub type spectacles_intent = ::std::os::raw::c_uint;
extern "C" {
    pub fn spectacles_intents_for_event(
        event: *const ::std::os::raw::c_char,
        length: usize,
    ) -> u64;
}
extern "C" {
    pub fn spectacles_intent_name(intent: u64) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn spectacles_intent_parse(
        intent: *mut u64,
        name: *const ::std::os::raw::c_char,
        length: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn spectacles_intents_privileged(intents: u64) -> u64;
}
