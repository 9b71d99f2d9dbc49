//! Keeps one source connected and hands on what it gives. It ends when its bed stops listening.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::source::live::{Incoming, LiveError, LiveLayout, LiveSource};

/// Messages that may wait for the bed. A device's own buffer is the reserve beyond them.
pub const WAITING: usize = 64;

/// A connection that takes longer is given up, unless its source's own settings give it longer.
const CONNECT: Duration = Duration::from_secs(30);

/// The first pause before another attempt, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A source silent for this long, though connected, is connected anew: a pulled cable closes nothing.
pub const SILENT_S: u64 = 30;

/// What the bed hears of its source.
pub enum Fed {
    /// It is connected.
    Connected(LiveLayout),
    /// Something came.
    Came(Incoming),
    /// It is not connected, or no longer.
    Failed(String),
}

/// Runs until the bed stops listening or the source has ended for good.
pub async fn feed(mut source: Box<dyn LiveSource>, first_delay: Duration, to: mpsc::Sender<Fed>) {
    tokio::time::sleep(first_delay).await;
    let mut pause = FIRST_PAUSE;
    loop {
        match connect(&mut *source).await {
            Ok(layout) => {
                if to.send(Fed::Connected(layout)).await.is_err() {
                    return;
                }
                match receive_all(&mut *source, &to, &mut pause).await {
                    Some(reason) => {
                        if to.send(Fed::Failed(reason)).await.is_err() {
                            return;
                        }
                    }
                    None => return,
                }
            }
            Err(error) => {
                if to.send(Fed::Failed(error.to_string())).await.is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(source: &mut dyn LiveSource) -> Result<LiveLayout, LiveError> {
    let address = source.describe();
    let within = CONNECT.max(source.connects_within());
    match tokio::time::timeout(within, source.connect()).await {
        Ok(connected) => connected,
        Err(_) => {
            let reason = format!("no connection within {:.0} s", within.as_secs_f64());
            Err(LiveError::Lost { address, reason })
        }
    }
}

/// `None` where there is nobody to feed, or nothing left to feed.
async fn receive_all(
    source: &mut dyn LiveSource,
    to: &mpsc::Sender<Fed>,
    pause: &mut Duration,
) -> Option<String> {
    let mut silent = tokio::time::Duration::ZERO;
    loop {
        let began = tokio::time::Instant::now();
        let received = tokio::time::timeout(Duration::from_secs(SILENT_S), source.receive()).await;
        match received {
            Err(_) => return Some(format!("{}: connected, and silent for {SILENT_S} s", source.describe())),
            Ok(Err(error)) => return Some(error.to_string()),
            Ok(Ok(Incoming::Ended)) => {
                let _ = to.send(Fed::Came(Incoming::Ended)).await;
                return None;
            }
            Ok(Ok(incoming)) => {
                // A message without frames (a keep-alive) breaks no silence.
                match &incoming {
                    Incoming::Samples(received)
                        if received.values.is_empty() && received.marks.is_empty() =>
                    {
                        silent += began.elapsed();
                        if silent.as_secs() >= SILENT_S {
                            return Some(format!(
                                "{}: connected, and silent for {SILENT_S} s",
                                source.describe()
                            ));
                        }
                        continue;
                    }
                    _ => silent = tokio::time::Duration::ZERO,
                }
                *pause = FIRST_PAUSE;
                if to.send(Fed::Came(incoming)).await.is_err() {
                    return None;
                }
            }
        }
    }
}
