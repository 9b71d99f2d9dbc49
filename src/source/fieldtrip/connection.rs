//! Questions and answers on one TCP connection to a FieldTrip buffer.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};

use super::wire::{self, FieldTripWireError, Framed, Order};
use crate::source::live::LiveError;

/// A machine that takes longer to answer is not there.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// A reply that takes longer does not come.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// Room for what arrives at once.
const READ_AT_ONCE: usize = 64 << 10;

/// A buffer that answers.
#[derive(Debug)]
pub(super) struct Connection {
    address: String,
    stream: TcpStream,
    /// What of the last request is not sent yet, and since when its reply is awaited. Both outlive a question
    /// that is given up, so that the next one does not take its reply.
    unsent: Vec<u8>,
    awaited: Option<Instant>,
    /// What came of the reply.
    bytes: Vec<u8>,
}

/// A reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub order: Order,
    pub command: u16,
    pub body: Vec<u8>,
    /// When its last byte was read.
    pub arrived: Instant,
}

impl Connection {
    pub async fn reach(address: String) -> Result<Connection, LiveError> {
        let connected = timeout(CONNECTED_WITHIN, TcpStream::connect(&address)).await;
        match connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                // Small questions that wait for one another: without delay. A refusal costs time only.
                let _ = stream.set_nodelay(true);
                Ok(Connection { address, stream, unsent: Vec::new(), awaited: None, bytes: Vec::new() })
            }
            Err(source) => Err(LiveError::Unreachable { address, source }),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks, and waits for the reply. May be given up.
    pub async fn ask(&mut self, command: u16, numbers: &[u32]) -> Result<Reply, LiveError> {
        if let Some(since) = self.awaited {
            self.reply_to_what_was_asked(since).await?;
        }
        if !self.bytes.is_empty() {
            let what = format!("{} bytes that nobody asked for", self.bytes.len());
            return Err(self.malformed(wire::wrong(what, "one reply to each request")));
        }
        let now = Instant::now();
        (self.unsent, self.awaited) = (wire::request(command, numbers), Some(now));
        self.reply_to_what_was_asked(now).await
    }

    async fn reply_to_what_was_asked(&mut self, since: Instant) -> Result<Reply, LiveError> {
        match timeout_at((since + ANSWERED_WITHIN).into(), self.reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(self.lost(format!("no answer within {} s", ANSWERED_WITHIN.as_secs()))),
        }
    }

    async fn reply(&mut self) -> Result<Reply, LiveError> {
        while !self.unsent.is_empty() {
            let sent = self.stream.write(&self.unsent).await.map_err(|error| self.lost(error.to_string()))?;
            if sent == 0 {
                return Err(self.lost("the buffer reads no more"));
            }
            self.unsent.drain(..sent);
        }
        loop {
            let framed = wire::framed(&self.bytes).map_err(|error| self.malformed(error))?;
            if let Framed::Whole { order, command, body, size } = framed {
                let reply = Reply { order, command, body: body.to_vec(), arrived: Instant::now() };
                self.bytes.drain(..size);
                self.awaited = None;
                return Ok(reply);
            }
            // The bytes grow as they come, not as a size claims.
            self.bytes.reserve(READ_AT_ONCE);
            match self.stream.read_buf(&mut self.bytes).await {
                Err(error) => return Err(self.lost(error.to_string())),
                Ok(0) if self.bytes.is_empty() => return Err(self.lost("the buffer closed it")),
                Ok(0) => {
                    let reason = format!("closed within a reply, after {} bytes of it", self.bytes.len());
                    return Err(self.lost(reason));
                }
                Ok(_) => {}
            }
        }
    }

    pub fn lost(&self, reason: impl Into<String>) -> LiveError {
        LiveError::Lost { address: self.address.clone(), reason: reason.into() }
    }

    pub fn malformed(&self, FieldTripWireError { what, expected }: FieldTripWireError) -> LiveError {
        LiveError::Malformed { address: self.address.clone(), what, expected: expected.into() }
    }

    /// The error of a reply that does not answer what was asked.
    pub fn unexpected(&self, reply: &Reply, expected: &'static str) -> LiveError {
        self.malformed(wire::wrong(format!("an answer {:#05x}", reply.command), expected))
    }
}
