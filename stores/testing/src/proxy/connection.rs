use std::{
    collections::VecDeque,
    io::{self, BufReader, ErrorKind, Write},
    net::{Ipv4Addr, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::{Fault, Protocol, state::ProxyState};

/// The fate of the reply to a request.
#[derive(Debug, Clone, Copy)]
enum ReplyPlan {
    Pass,
    /// The reply belongs to a copy of a request.
    Drop,
    /// The connection is closed instead.
    Cut,
}

/// A connection of a client, and that to the server.
#[derive(Debug)]
pub(crate) struct ProxiedConnection {
    state: Arc<ProxyState>,
    number: u64,
    client: TcpStream,
    server: TcpStream,
    /// The plans of the replies that the server owes, oldest first.
    plans: Mutex<VecDeque<ReplyPlan>>,
}

impl ProxiedConnection {
    /// Forwards both directions in threads until one end closes.
    pub(crate) fn start(state: &Arc<ProxyState>, client: TcpStream) -> io::Result<()> {
        // With the lock, no connection opens after the test has cut or refused them.
        let mut switches = state.lock();
        if switches.is_refusing || switches.is_closed {
            switches.counts.refused += 1;
            return Ok(());
        }
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, switches.server))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let number = switches.add([client.try_clone()?, server.try_clone()?]);
        drop(switches);
        let connection = Arc::new(Self {
            state: Arc::clone(state),
            number,
            client,
            server,
            plans: Mutex::default(),
        });
        let requests = Arc::clone(&connection);
        thread::spawn(move || requests.end_with(Self::forward_requests));
        thread::spawn(move || connection.end_with(Self::forward_replies));
        Ok(())
    }

    /// Runs one direction. Its end closes the connection.
    fn end_with(&self, direction: fn(&Self) -> io::Result<()>) {
        // Connections that break are the purpose of the proxy.
        let _ = direction(self);
        self.state.lock().close(self.number);
    }

    fn forward_requests(&self) -> io::Result<()> {
        let mut input = BufReader::with_capacity(1 << 16, &self.client);
        loop {
            let has_arrived_before = !input.buffer().is_empty();
            let request = self.state.protocol.read_request(&mut input)?;
            if !has_arrived_before {
                let delay = self.state.lock().request_delay;
                pause(delay);
            }
            let plan = self.state.lock().plan(&request);
            self.state.repeat(&plan.repeated);
            match plan.fault {
                None | Some(Fault::RepeatLater(_)) => {}
                Some(Fault::LoseRequest) => {
                    self.state.lock().counts.lost_requests += 1;
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                Some(Fault::LoseReply) => {
                    self.send(&request, ReplyPlan::Cut)?;
                    continue;
                }
                Some(Fault::Duplicate) => {
                    self.state.lock().counts.duplicates += 1;
                    self.send(&request, ReplyPlan::Pass)?;
                    self.send(&request, ReplyPlan::Drop)?;
                    continue;
                }
                Some(Fault::Delay(delay)) => {
                    self.state.lock().counts.delayed += 1;
                    pause(delay);
                }
            }
            self.send(&request, ReplyPlan::Pass)?;
        }
    }

    fn send(&self, request: &[u8], plan: ReplyPlan) -> io::Result<()> {
        let is_counted = self.state.protocol == Protocol::Redis;
        // Without the ends of messages, only the loss of the next bytes can be planned.
        if is_counted || matches!(plan, ReplyPlan::Cut) {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.push_back(plan);
        }
        (&self.server).write_all(request)
    }

    fn forward_replies(&self) -> io::Result<()> {
        let mut input = BufReader::with_capacity(1 << 16, &self.server);
        loop {
            let has_arrived_before = !input.buffer().is_empty();
            let message = self.state.protocol.read_reply(&mut input)?;
            if !has_arrived_before {
                let delay = self.state.lock().reply_delay;
                pause(delay);
            }
            self.state.wait_until_released();
            match self.plan(message.is_reply) {
                ReplyPlan::Pass => {
                    // The client may look at the count as soon as it has the reply.
                    self.state.lock().counts.replies += u64::from(message.is_reply);
                    (&self.client).write_all(&message.bytes)?;
                }
                ReplyPlan::Drop => {}
                ReplyPlan::Cut => {
                    self.state.lock().counts.lost_replies += 1;
                    return Err(ErrorKind::ConnectionAborted.into());
                }
            }
        }
    }

    fn plan(&self, is_reply: bool) -> ReplyPlan {
        if !is_reply {
            return ReplyPlan::Pass;
        }
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.pop_front().unwrap_or(ReplyPlan::Pass)
    }
}

/// Delays a message.
#[expect(
    clippy::disallowed_methods,
    reason = "the delay is what the test asks for"
)]
fn pause(delay: Duration) {
    if !delay.is_zero() {
        thread::sleep(delay);
    }
}
