#![allow(dead_code, reason = "no test needs all of it")]
//! Reading a stream of one's own among those that other tests have on this machine.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use vigil::source::live::{Incoming, LiveError, LiveSource, Received};
use vigil::source::lsl::LslConfig;

/// A name that no other stream has.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("vigil-{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Looks for a source id on this machine only.
pub fn here(source_id: &str) -> LslConfig {
    LslConfig {
        source_id: Some(source_id.to_owned()),
        hosts: vec!["127.0.0.1".into()],
        multicast: false,
        resolve_timeout_s: 30.0,
        ..LslConfig::default()
    }
}

/// Fails a test that hangs.
pub async fn in_time<T>(doing: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(90), doing).await.expect("the test hangs")
}

/// The next samples.
pub async fn samples(source: &mut dyn LiveSource) -> Result<Received, LiveError> {
    match source.receive().await? {
        Incoming::Samples(received) => Ok(received),
        other => panic!("{other:?}"),
    }
}

/// As many values as asked for, and the times of the messages that brought them with the number of
/// their first frame.
pub async fn values(
    source: &mut dyn LiveSource,
    channels: usize,
    frames: usize,
) -> (Vec<f32>, Vec<(usize, Option<f64>)>) {
    let (mut values, mut times) = (Vec::new(), Vec::new());
    while values.len() < frames * channels {
        let received = samples(source).await.expect("samples");
        times.push((values.len() / channels, received.taken_at_s));
        values.extend(received.values);
    }
    (values, times)
}
