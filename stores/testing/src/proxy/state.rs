use std::{
    collections::BTreeMap,
    io::{self, BufReader, Write},
    mem::take,
    net::{Ipv4Addr, Shutdown, TcpStream},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Fault, Faults, Protocol};

/// The longest wait for the reply to a repeated request.
const REPEAT_TIMEOUT: Duration = Duration::from_secs(20);

/// The number of each event of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProxyCounts {
    /// Connections that were forwarded to the server.
    pub connections: u64,
    /// Connections that were closed at once by [`TcpProxy::refuse`](super::TcpProxy::refuse).
    pub refused: u64,
    /// Connections that [`TcpProxy::cut`](super::TcpProxy::cut) closed.
    pub cut: u64,
    /// Requests of clients, with or without a fault.
    pub requests: u64,
    /// Replies that were forwarded to clients.
    pub replies: u64,
    /// Requests that the server did not get.
    pub lost_requests: u64,
    /// Replies of the server that the client did not get.
    pub lost_replies: u64,
    /// Requests that were forwarded twice in a row.
    pub duplicates: u64,
    /// Requests that were repeated later and answered.
    pub repeated_later: u64,
    /// Requests that had a delay of their own.
    pub delayed: u64,
}

/// The fault of a request, and the copies of earlier ones that the server gets before it.
#[derive(Debug)]
pub(crate) struct RequestPlan {
    pub(crate) fault: Option<Fault>,
    pub(crate) repeated: Vec<Vec<u8>>,
}

/// The switches of the test, and the events so far.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    pub(crate) server: u16,
    pub(crate) is_refusing: bool,
    pub(crate) is_holding: bool,
    pub(crate) is_closed: bool,
    pub(crate) request_delay: Duration,
    pub(crate) reply_delay: Duration,
    pub(crate) once: Vec<(String, Fault)>,
    /// The random faults, and the number of the next request.
    pub(crate) faults: Option<(Faults, u64)>,
    pub(crate) counts: ProxyCounts,
    /// The requests to repeat, and how many further requests come first.
    kept: Vec<(u64, Vec<u8>)>,
    /// Both streams of each connection.
    open: BTreeMap<u64, [TcpStream; 2]>,
}

impl Switches {
    pub(crate) fn cut_all(&mut self) {
        for streams in take(&mut self.open).into_values() {
            self.counts.cut += 1;
            close_both(&streams);
        }
    }

    pub(crate) fn take_kept(&mut self) -> Vec<Vec<u8>> {
        let kept = take(&mut self.kept).into_iter();
        kept.map(|(_, request)| request).collect()
    }

    /// Adds a connection, and returns its number.
    pub(crate) fn add(&mut self, streams: [TcpStream; 2]) -> u64 {
        self.counts.connections += 1;
        self.open.insert(self.counts.connections, streams);
        self.counts.connections
    }

    /// Closes a connection.
    pub(crate) fn close(&mut self, number: u64) {
        if let Some(streams) = self.open.remove(&number) {
            close_both(&streams);
        }
    }

    /// Chooses the fault of a request.
    pub(crate) fn plan(&mut self, request: &[u8]) -> RequestPlan {
        self.counts.requests += 1;
        let repeated = self.take_due();
        let random = self.faults.as_mut().and_then(|(faults, number)| {
            *number += 1;
            faults.of(*number - 1)
        });
        let matching = self
            .once
            .iter()
            .position(|(text, _)| text.is_empty() || contains(request, text.as_bytes()));
        let once = matching.map(|place| self.once.remove(place).1);
        let fault = once.or(random);
        if let Some(Fault::RepeatLater(after)) = fault {
            self.kept.push((after, request.to_vec()));
        }
        RequestPlan { fault, repeated }
    }

    fn take_due(&mut self) -> Vec<Vec<u8>> {
        let mut due = Vec::new();
        self.kept.retain_mut(|(left, request)| {
            if *left == 0 {
                due.push(take(request));
                return false;
            }
            *left -= 1;
            true
        });
        due
    }
}

#[derive(Debug)]
pub(crate) struct ProxyState {
    pub(crate) protocol: Protocol,
    switches: Mutex<Switches>,
    released: Condvar,
}

impl ProxyState {
    pub(crate) fn new(protocol: Protocol, server: u16) -> Self {
        let switches = Switches {
            server,
            ..Switches::default()
        };
        Self {
            protocol,
            switches: Mutex::new(switches),
            released: Condvar::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn assert_supports(&self, repeats: bool) {
        let is_supported = !repeats || self.protocol == Protocol::Redis;
        assert!(is_supported, "only requests of Redis can be repeated");
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    pub(crate) fn close(&self) {
        let mut switches = self.lock();
        switches.is_closed = true;
        switches.cut_all();
        drop(switches);
        self.release();
    }

    pub(crate) fn release(&self) {
        self.lock().is_holding = false;
        self.released.notify_all();
    }

    /// Waits while replies are held back.
    pub(crate) fn wait_until_released(&self) {
        let switches = self.lock();
        let released = self.released.wait_while(switches, |state| state.is_holding);
        drop(released.unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends requests on connections of their own, and returns how many were answered.
    pub(crate) fn repeat(&self, requests: &[Vec<u8>]) -> usize {
        // A server that is down does not get the request.
        let answered = requests.iter().filter(|request| self.send(request).is_ok());
        let answered = answered.count();
        self.lock().counts.repeated_later += answered as u64;
        answered
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        let server = self.lock().server;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
        stream.set_read_timeout(Some(REPEAT_TIMEOUT))?;
        stream.write_all(request)?;
        self.protocol.read_reply(&mut BufReader::new(stream))?;
        Ok(())
    }
}

fn close_both(streams: &[TcpStream; 2]) {
    for stream in streams {
        // The other end may have closed it.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn contains(request: &[u8], text: &[u8]) -> bool {
    request.windows(text.len()).any(|window| window == text)
}
