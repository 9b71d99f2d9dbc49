//! The port: takes connections, as many as there is room for, and gives up those that do not go on.
//!
//! ```text
//!  accept ──> room? ──> TLS handshake ──> head of a request ──> answer ──> next request
//!             else closed    10 s              10 s              30 s without
//!                                                                a byte taken
//! ```
//!
//! Invariant: whatever comes in on the port, files and memory of the watch are not taken by it: connections are fewer
//! than open files are allowed, and each holds a bounded number of bytes.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::peer::Peer;
use super::stall::Stalling;
use super::tls::Tls;
use crate::config::is_this_machine;

/// A handshake takes a round trip or two.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// The head of a request comes at once; the next one of a connection comes within this, or on a new connection.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Who listens takes what it is told within this.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// A request's head, and what waits to be written.
const BUFFER: usize = 64 << 10;

/// What waits in the kernel for a slow reader, on top of that.
const KERNEL_BUFFER: usize = 256 << 10;

/// Open files that the watch keeps for itself: records, the log, stations, channels.
const KEPT_FILES: u64 = 512;

/// Connections that are kept for this machine's own programs: health and metrics are to be had in any case.
const KEPT_HERE: usize = 8;

/// What is served, and how.
pub struct Port {
    /// Where.
    pub listener: TcpListener,
    /// With which certificate, if with any.
    pub tls: Option<Arc<Tls>>,
    /// Connections at one time.
    pub connections: usize,
}

/// Raises the number of files that may be open to what is allowed, and says how many connections there is room for.
pub fn room_for(connections: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let wanted = Rlimit { current: maximum, maximum };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::warn!(%error, "the number of files that may be open stays as it is");
        }
    }
    let Some(files) = getrlimit(Resource::Nofile).current else { return connections };
    let room = usize::try_from(files.saturating_sub(KEPT_FILES).max(files / 4)).unwrap_or(usize::MAX);
    if room < connections {
        tracing::warn!(
            files,
            connections = room,
            "few files may be open: fewer connections are served at one time"
        );
    }
    connections.min(room)
}

impl Port {
    /// Serves until `stop` is done; then no new connections are taken, and those that wait for an answer get it.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let taken = Arc::new(Taken { most: room_for(self.connections), by: Mutex::default() });
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, from)) => {
                    // One that there is no room for is closed by being dropped.
                    if let Some(place) = Taken::place(&taken, from.ip()) {
                        let (router, tls, watcher) = (router.clone(), self.tls.clone(), graceful.watcher());
                        tokio::spawn(async move {
                            connected(stream, from, router, tls, watcher).await;
                            drop(place);
                        });
                    }
                }
                Err(error) => {
                    // A connection that ended before it was taken is nothing; without files, a pause helps.
                    tracing::debug!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        graceful.shutdown().await;
    }
}

async fn connected(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    tls: Option<Arc<Tls>>,
    watcher: Watcher,
) {
    let Ok(at) = stream.local_addr() else { return };
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(&stream).set_send_buffer_size(KERNEL_BUFFER);
    let peer = Peer { from, at, tls: tls.is_some() };
    let Some(tls) = tls else { return speak(stream, peer, router, watcher).await };
    match tokio::time::timeout(HANDSHAKE_WITHIN, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, peer, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%from, %error, "no TLS"),
        Err(_) => tracing::debug!(%from, "no TLS in time"),
    }
}

async fn speak<S>(stream: S, peer: Peer, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Stalling::new(stream, TAKEN_WITHIN)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(from = %peer.from, %error, "a connection ended");
    }
}

/// Who has how many connections.
struct Taken {
    most: usize,
    by: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

/// One connection's place, given back when dropped.
struct Place {
    taken: Arc<Taken>,
    of: IpAddr,
}

impl Taken {
    fn place(taken: &Arc<Taken>, of: IpAddr) -> Option<Place> {
        let of = of.to_canonical();
        let mut by = taken.by.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, each) = &mut *by;
        let own = each.entry(of).or_default();
        let room = if is_this_machine(of) {
            *all < taken.most
        } else {
            *all + KEPT_HERE < taken.most && *own < taken.most / 2
        };
        if !room {
            if *own == 0 {
                each.remove(&of);
            }
            return None;
        }
        *own += 1;
        *all += 1;
        Some(Place { taken: taken.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by = self.taken.by.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, each) = &mut *by;
        *all = all.saturating_sub(1);
        if let Some(own) = each.get_mut(&self.of) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                each.remove(&self.of);
            }
        }
    }
}
