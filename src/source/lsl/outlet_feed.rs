//! The TCP side of a served stream: descriptions and feeds for its readers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::feed::{FeedRequest, MAX_HEADER_BYTES, response};
use super::info::StreamInfo;
use super::query::matches;
use super::sample::{ByteOrder, test_patterns};

/// Most connections to one stream.
const MAX_CONNECTIONS: usize = 32;
/// What is kept for a slow reader at most, however much it asks for.
const MAX_BUFFER_S: f64 = 360.0;
/// How long a reader may take to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// A stream and who reads it.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) info: StreamInfo,
    readers: Mutex<Vec<Arc<Reader>>>,
    dropped: AtomicU64,
}

/// One reader's queue.
#[derive(Debug)]
struct Reader {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Debug)]
struct Queue {
    /// Encoded frames and how many they are.
    chunks: VecDeque<(Arc<[u8]>, u64)>,
    frames: u64,
    most_frames: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done in here, whoever panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Served {
    pub(super) fn new(info: StreamInfo) -> Served {
        Served { info, readers: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    pub(super) fn readers(&self) -> usize {
        lock(&self.readers).len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Queues a chunk of `frames` frames for every reader; where a queue is full, its oldest go.
    pub(super) fn give(&self, chunk: &Arc<[u8]>, frames: u64) {
        for reader in lock(&self.readers).iter() {
            let mut queue = lock(&reader.queue);
            queue.chunks.push_back((Arc::clone(chunk), frames));
            queue.frames += frames;
            while queue.frames > queue.most_frames {
                let Some((_, oldest)) = queue.chunks.pop_front() else { break };
                queue.frames -= oldest;
                self.dropped.fetch_add(oldest, Ordering::Relaxed);
            }
            drop(queue);
            reader.news.notify_one();
        }
    }

    fn register(self: &Arc<Served>, wanted_frames: u32) -> Registered {
        let most = (self.info.rate_hz * MAX_BUFFER_S).ceil().max(1.0) as u64;
        let queue =
            Queue { chunks: VecDeque::new(), frames: 0, most_frames: most.min(u64::from(wanted_frames)) };
        let reader = Arc::new(Reader { queue: Mutex::new(queue), news: Notify::new() });
        lock(&self.readers).push(Arc::clone(&reader));
        Registered { stream: Arc::clone(self), reader }
    }
}

/// A reader that is known to its stream for as long as this lives.
struct Registered {
    stream: Arc<Served>,
    reader: Arc<Reader>,
}

impl Registered {
    async fn next(&self) -> Arc<[u8]> {
        loop {
            {
                let mut queue = lock(&self.reader.queue);
                if let Some((chunk, frames)) = queue.chunks.pop_front() {
                    queue.frames -= frames;
                    return chunk;
                }
            }
            self.reader.news.notified().await;
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.stream.readers).retain(|reader| !Arc::ptr_eq(reader, &self.reader));
    }
}

/// Takes connections for as long as it is not aborted; they end with it.
pub(super) async fn accept(listener: TcpListener, stream: Arc<Served>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) if sessions.len() < MAX_CONNECTIONS => {
                    let stream = Arc::clone(&stream);
                    sessions.spawn(async move {
                        if let Err(error) = serve(connection, stream).await {
                            tracing::debug!(%error, "an LSL reader is gone");
                        }
                    });
                }
                Ok(_) => {}
                // Out of file descriptors, as a rule: some will come free.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn serve(mut connection: TcpStream, stream: Arc<Served>) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = Vec::new();
    let Ok(asked) = tokio::time::timeout(REQUEST_TIME, request(&mut connection, &mut bytes, &stream)).await
    else {
        return Ok(());
    };
    match asked? {
        Asked::Text(text) => {
            connection.write_all(&text).await?;
            connection.shutdown().await
        }
        Asked::Feed(request) => feed(connection, &stream, &request).await,
        Asked::Nothing => Ok(()),
    }
}

/// What a reader wants.
enum Asked {
    /// This text.
    Text(Vec<u8>),
    Feed(FeedRequest),
    /// Nothing that is served here.
    Nothing,
}

async fn request(connection: &mut TcpStream, bytes: &mut Vec<u8>, stream: &Served) -> std::io::Result<Asked> {
    loop {
        if let Some(asked) = understand(bytes, stream) {
            return Ok(asked);
        }
        let room = (MAX_HEADER_BYTES + 1).saturating_sub(bytes.len());
        if (&mut *connection).take(room as u64).read_buf(bytes).await? == 0 {
            return Ok(Asked::Nothing);
        }
    }
}

/// Reads a request; `None` while it is not whole.
fn understand(bytes: &[u8], stream: &Served) -> Option<Asked> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (first, rest) = bytes.split_at(end + 1);
    match first.trim_ascii() {
        b"LSL:fullinfo" => Some(Asked::Text(stream.info.to_xml(true).into_bytes())),
        b"LSL:shortinfo" => {
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            let query = std::str::from_utf8(&rest[..end]).unwrap_or("?");
            Some(if matches(query.trim(), &stream.info) {
                Asked::Text(stream.info.to_xml(false).into_bytes())
            } else {
                Asked::Nothing
            })
        }
        _ => match FeedRequest::parse(bytes) {
            Ok(None) => None,
            Ok(Some(request)) if !request.uid.is_empty() && request.uid != stream.info.uid => {
                Some(Asked::Text(b"LSL/110 404 Not found".to_vec()))
            }
            Ok(Some(request)) if request.version / 10 != 11 || !request.takes_float32 => {
                Some(Asked::Text(b"LSL/110 505 Version not supported".to_vec()))
            }
            Ok(Some(request)) => Some(Asked::Feed(request)),
            Err(_) => Some(Asked::Nothing),
        },
    }
}

/// Sends header, test patterns and all that is given to the stream from here on.
async fn feed(mut connection: TcpStream, stream: &Arc<Served>, request: &FeedRequest) -> std::io::Result<()> {
    let info = &stream.info;
    // Known before the header is out, so that who has read the header misses nothing.
    let registered = (request.buffered_samples > 0).then(|| stream.register(request.buffered_samples));
    let mut header = response(&info.uid);
    header.extend(test_patterns(info.format, ByteOrder::Little, info.channel_count));
    connection.write_all(&header).await?;
    let Some(registered) = registered else { return connection.shutdown().await };
    let (mut from_reader, mut to_reader) = connection.split();
    let sending = async {
        loop {
            to_reader.write_all(&registered.next().await).await?;
        }
    };
    let ending = async {
        // A reader says no more; it only goes.
        let mut ignored = [0; 256];
        while from_reader.read(&mut ignored).await? > 0 {}
        Ok(())
    };
    tokio::select! {
        ended = sending => ended,
        ended = ending => ended,
    }
}
