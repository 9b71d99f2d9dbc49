//! Reading on in the ring of a FieldTrip buffer.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection::{Connection, Reply};
use super::header::{Header, Stream};
use super::{event, layout, stored, wire};
use crate::source::live::{Incoming, LiveError, Mark, Received};

/// The buffer is asked to answer after this long at the latest, samples or none.
const WAITED_MS: u32 = 500;

/// Pause where nothing is new. Some servers answer at once instead of waiting.
const PAUSE: Duration = Duration::from_millis(20);

/// How often the header is looked at again: a header that was replaced by another one of as many channels,
/// with the ring already filled past our place, shows in nothing else.
const HEADER_EVERY: Duration = Duration::from_secs(1);

/// Most seconds and bytes of samples that are asked for at once.
const AT_ONCE_S: f64 = 4.0;
const AT_ONCE_BYTES: usize = 1 << 20;

/// Most events that are asked for at once, and most that are kept for samples that are still to come.
const EVENTS_AT_ONCE: u32 = 256;
const MOST_HELD: usize = 512;

/// How often in a row the ring may have been overwritten under our hands.
const OVERRUNS_AT_MOST: u32 = 6;

/// A place in the ring of a buffer.
#[derive(Debug)]
pub(super) struct Ring {
    connection: Connection,
    stream: Stream,
    /// Samples and events that the buffer is known to have got.
    samples: u32,
    events: u32,
    /// Numbers of the next ones to read.
    next_sample: u32,
    next_event: u32,
    /// Samples that were overwritten, told with the next ones that are read.
    lost: u64,
    /// How often in a row that happened.
    overruns: u32,
    /// Events of samples that are not read yet.
    held: Vec<event::Event>,
    /// When the header was last looked at.
    looked: Instant,
}

impl Ring {
    /// Begins with what is put in from now on.
    pub fn from_now(connection: Connection, header: Header) -> Ring {
        let Header { samples, events, stream } = header;
        Ring {
            connection,
            stream,
            samples,
            events,
            next_sample: samples,
            next_event: events,
            lost: 0,
            overruns: 0,
            held: Vec::new(),
            looked: Instant::now(),
        }
    }

    /// Waits for what comes next. May be given up at any time without losing anything: what is learnt is
    /// kept, and what is read is handed over at once.
    pub async fn next(&mut self) -> Result<Incoming, LiveError> {
        loop {
            if self.samples <= self.next_sample
                && !self.more().await?
                && let Some(layout) = self.look().await?
            {
                return Ok(layout);
            }
            if self.samples <= self.next_sample {
                sleep(PAUSE).await;
                continue;
            }
            if self.looked.elapsed() >= HEADER_EVERY
                && let Some(layout) = self.look().await?
            {
                return Ok(layout);
            }
            self.hear_events().await?;
            let count = self.at_once();
            let reply = self.read(self.next_sample, count).await?;
            match reply.command {
                wire::GET_OK => {
                    if let Some(samples) = self.received(&reply, count)? {
                        return Ok(Incoming::Samples(samples));
                    }
                }
                wire::GET_ERR => {}
                _ => return Err(self.connection.unexpected(&reply, "samples, or that they are gone")),
            }
            // Samples of other channels, or none: the buffer was filled anew, or our place overwritten.
            if let Some(layout) = self.look().await? {
                return Ok(layout);
            }
            if reply.command == wire::GET_OK {
                let what = wire::wrong("samples of other channels or another type", "those of the header");
                return Err(self.connection.malformed(what));
            }
            self.skip().await?;
        }
    }

    /// Learns how much there is; waits for it where nothing is new. `false` where the buffer has less than
    /// before, or says that it has no header.
    async fn more(&mut self) -> Result<bool, LiveError> {
        // Events alone wake nobody: they are read with the samples.
        let reply = self.connection.ask(wire::WAIT_DAT, &[self.next_sample, u32::MAX, WAITED_MS]).await?;
        match reply.command {
            wire::WAIT_ERR => Ok(false),
            wire::WAIT_OK => {
                let waited = wire::waited(&reply.body, reply.order);
                (self.samples, self.events) = waited.map_err(|error| self.connection.malformed(error))?;
                Ok(self.samples >= self.next_sample)
            }
            _ => Err(self.connection.unexpected(&reply, "the numbers of samples and events")),
        }
    }

    /// Looks at the header again. Where it describes another stream, or the same one begun anew, that is
    /// read from its start.
    async fn look(&mut self) -> Result<Option<Incoming>, LiveError> {
        let Some(header) = stored(&mut self.connection).await? else {
            return Err(self.connection.lost("the buffer was emptied"));
        };
        self.looked = Instant::now();
        (self.samples, self.events) = (header.samples, header.events);
        if header.stream == self.stream && header.samples >= self.next_sample {
            return Ok(None);
        }
        self.stream = header.stream;
        (self.next_sample, self.next_event) = (0, 0);
        (self.lost, self.overruns) = (0, 0);
        self.held.clear();
        Ok(Some(Incoming::Layout(layout(self.connection.address(), &self.stream))))
    }

    /// Asks for the events that came since the last ones, for the newest where there are too many.
    async fn hear_events(&mut self) -> Result<(), LiveError> {
        if self.events < self.next_event {
            // They were flushed, and began anew.
            self.next_event = 0;
        }
        if self.events == self.next_event {
            return Ok(());
        }
        let first = self.next_event.max(self.events.saturating_sub(EVENTS_AT_ONCE));
        let reply = self.connection.ask(wire::GET_EVT, &[first, self.events - 1]).await?;
        self.next_event = self.events;
        match reply.command {
            wire::GET_OK => {
                let events = event::events(&reply.body, reply.order);
                self.held.extend(events.map_err(|error| self.connection.malformed(error))?);
                Ok(())
            }
            // They have a ring of their own, and some servers have none; the samples are not the worse for it.
            wire::GET_ERR => Ok(()),
            _ => Err(self.connection.unexpected(&reply, "events, or that they are gone")),
        }
    }

    /// How many samples are asked for at once.
    fn at_once(&self) -> u32 {
        let of_time = (AT_ONCE_S * self.stream.rate_hz) as usize;
        let of_size = AT_ONCE_BYTES / (self.stream.channels * self.stream.kind.width());
        let there = self.samples.saturating_sub(self.next_sample);
        there.min(u32::try_from(of_time.min(of_size)).unwrap_or(u32::MAX)).max(1)
    }

    async fn read(&mut self, first: u32, count: u32) -> Result<Reply, LiveError> {
        self.connection.ask(wire::GET_DAT, &[first, first.saturating_add(count - 1)]).await
    }

    /// The `asked` samples of a reply, with the events that belong to them; none where they are not of this
    /// stream.
    fn received(&mut self, reply: &Reply, asked: u32) -> Result<Option<Received>, LiveError> {
        let samples = wire::samples(&reply.body, reply.order, &self.stream.resolutions_uv);
        let samples = samples.map_err(|error| self.connection.malformed(error))?;
        if samples.channels != self.stream.channels || samples.kind != self.stream.kind {
            return Ok(None);
        }
        if samples.count != asked as usize {
            let what = format!("{} samples where {asked} were asked for", samples.count);
            return Err(self.connection.malformed(wire::wrong(what, "those that were asked for")));
        }
        let first = self.next_sample;
        self.next_sample = first.saturating_add(asked);
        self.overruns = 0;
        Ok(Some(Received {
            values: samples.values,
            lost_before: std::mem::take(&mut self.lost),
            taken_at_s: None,
            arrived: reply.arrived,
            marks: self.marks(first, samples.count),
        }))
    }

    /// The marks of `count` samples from `first` on. Late ones are told with the first; those that are too
    /// many to be kept, with the last.
    fn marks(&mut self, first: u32, count: usize) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut too_many = self.held.len().saturating_sub(MOST_HELD);
        let held = std::mem::take(&mut self.held);
        for event in held {
            // Samples are counted with 32 bits, with a sign here and without one there.
            let ahead = event.sample.cast_unsigned().wrapping_sub(first).cast_signed();
            let frame = usize::try_from(ahead).unwrap_or(0);
            if frame < count {
                marks.push(Mark { frame, text: event.text });
            } else if too_many > 0 {
                too_many -= 1;
                marks.push(Mark { frame: count - 1, text: event.text });
            } else {
                self.held.push(event);
            }
        }
        marks
    }

    /// Goes on at the oldest sample that is still in the ring. Where that was overwritten meanwhile, again
    /// and again, each time a little further on.
    async fn skip(&mut self) -> Result<(), LiveError> {
        if self.overruns >= OVERRUNS_AT_MOST {
            let reason = "it overwrites samples faster than they can be read, or gives none that it has";
            return Err(self.connection.lost(reason));
        }
        // What is asked for first is gone; the newest sample is there, or a later try finds it.
        let (mut gone, mut there) = (self.next_sample, self.samples.saturating_sub(1));
        while there.saturating_sub(gone) > 1 {
            let middle = gone + (there - gone) / 2;
            let reply = self.read(middle, 1).await?;
            if reply.command == wire::GET_OK { there = middle } else { gone = middle }
        }
        if self.overruns > 0 {
            let further = 0.05 * self.stream.rate_hz * f64::from(1u32 << self.overruns);
            there = there.saturating_add(further as u32).min(self.samples.saturating_sub(1));
        }
        self.lost += u64::from(there.saturating_sub(self.next_sample));
        self.next_sample = self.next_sample.max(there);
        self.overruns += 1;
        Ok(())
    }
}
