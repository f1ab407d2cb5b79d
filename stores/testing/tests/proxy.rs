//! Each fault of the proxy, before a real server.

use std::{
    thread::scope,
    time::{Duration, Instant},
};

use tower_conditional_testing::{
    Engine, Fault, Faults, Protocol, ProxyCounts, RedisOptions, RedisServer, RespClient, TcpProxy,
    wait_until,
};

struct Fixture {
    server: RedisServer,
    proxy: TcpProxy,
}

impl Fixture {
    fn new() -> Self {
        let server = RedisOptions::new(Engine::Redis).in_memory().start();
        let proxy = TcpProxy::start(Protocol::Redis, server.port());
        Self { server, proxy }
    }

    fn client(&self) -> RespClient {
        RespClient::connect(self.proxy.port(), None).unwrap()
    }

    /// The value at the server itself.
    fn value(&self) -> String {
        self.server.command(&["GET", "key"])
    }

    fn counts(&self) -> ProxyCounts {
        self.proxy.counts()
    }
}

const INCR: [&str; 2] = ["INCR", "key"];

fn incr(client: &mut RespClient) -> Option<String> {
    client.command(&INCR).ok()
}

#[test]
fn everything_passes_at_first() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    for _ in 0..3 {
        client.send(&INCR).unwrap();
    }
    let replies = [(); 3].map(|()| client.receive().unwrap());
    assert_eq!(replies, ["1", "2", "3"]);
    let long = "a".repeat(1 << 20);
    assert_eq!(client.command(&["SET", "long", &long]).unwrap(), "OK");
    assert_eq!(client.command(&["GET", "long"]).unwrap(), long);
    let counts = fixture.counts();
    assert_eq!(
        (counts.connections, counts.requests, counts.replies),
        (1, 5, 5)
    );
}

#[test]
fn a_cut_closes_all_connections_and_no_new_one() {
    let fixture = Fixture::new();
    let mut clients = [fixture.client(), fixture.client()];
    for client in &mut clients {
        assert!(incr(client).is_some());
    }
    fixture.proxy.cut();
    for client in &mut clients {
        assert_eq!(incr(client), None);
    }
    assert_eq!(incr(&mut fixture.client()).as_deref(), Some("3"));
    assert_eq!(fixture.counts().cut, 2);
}

#[test]
fn refused_connections_close_at_once() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    assert!(incr(&mut client).is_some());
    fixture.proxy.refuse();
    assert_eq!(incr(&mut client), None);
    assert_eq!(incr(&mut fixture.client()), None);
    assert_eq!(fixture.counts().refused, 1);
    fixture.proxy.accept();
    assert_eq!(incr(&mut fixture.client()).as_deref(), Some("2"));
}

#[test]
fn a_lost_request_is_not_executed() {
    let fixture = Fixture::new();
    fixture.proxy.once(Fault::LoseRequest);
    assert!(fixture.proxy.is_waiting());
    assert_eq!(incr(&mut fixture.client()), None);
    assert!(!fixture.proxy.is_waiting());
    assert_eq!(fixture.value(), "(nil)");
    assert_eq!(fixture.counts().lost_requests, 1);
    assert_eq!(incr(&mut fixture.client()).as_deref(), Some("1"));
}

#[test]
fn a_request_whose_reply_is_lost_is_executed() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    assert!(incr(&mut client).is_some());
    fixture.proxy.once(Fault::LoseReply);
    assert_eq!(incr(&mut client), None);
    assert_eq!(fixture.value(), "2");
    assert_eq!(fixture.counts().lost_replies, 1);
}

#[test]
fn earlier_replies_arrive_before_a_lost_one() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    fixture.proxy.once_at("other", Fault::LoseReply);
    client.send(&INCR).unwrap();
    client.send(&["INCR", "other"]).unwrap();
    assert_eq!(client.receive().unwrap(), "1");
    assert!(client.receive().is_err());
    assert_eq!(fixture.server.command(&["GET", "other"]), "1");
}

#[test]
fn a_duplicate_is_executed_twice_and_answered_once() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    fixture.proxy.once(Fault::Duplicate);
    assert_eq!(incr(&mut client).as_deref(), Some("1"));
    assert_eq!(incr(&mut client).as_deref(), Some("3"));
    assert_eq!(fixture.counts().duplicates, 1);
}

#[test]
fn a_copy_arrives_after_other_requests() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    fixture.proxy.once(Fault::RepeatLater(2));
    let append = |client: &mut RespClient, letter| {
        client.command(&["APPEND", "key", letter]).unwrap();
    };
    for letter in ["a", "b", "c", "d"] {
        append(&mut client, letter);
    }
    assert_eq!(fixture.value(), "abcad");
    assert_eq!(fixture.counts().repeated_later, 1);

    fixture.proxy.once(Fault::RepeatLater(u64::MAX));
    append(&mut client, "e");
    assert_eq!(fixture.proxy.repeat_now(), 1);
    assert_eq!(fixture.value(), "abcadee");
    assert_eq!(fixture.proxy.repeat_now(), 0);
}

#[test]
fn held_replies_arrive_once_they_are_released() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    fixture.proxy.hold_replies();
    client.send(&INCR).unwrap();
    wait_until("an executed request", || fixture.value() == "1");
    assert_eq!(fixture.counts().replies, 0);
    fixture.proxy.release_replies();
    assert_eq!(client.receive().unwrap(), "1");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a delay is a time")]
fn each_direction_can_be_delayed() {
    let delay = Duration::from_millis(40);
    let none = Duration::ZERO;
    let fixture = Fixture::new();
    let mut client = fixture.client();
    for (requests, replies) in [(delay, none), (none, delay)] {
        fixture.proxy.set_delay(requests, replies);
        let started = Instant::now();
        assert!(incr(&mut client).is_some());
        assert!(started.elapsed() >= delay);
    }
    fixture.proxy.set_delay(none, none);
    fixture.proxy.once(Fault::Delay(delay));
    let started = Instant::now();
    assert!(incr(&mut client).is_some());
    assert!(started.elapsed() >= delay);
    assert_eq!(fixture.counts().delayed, 1);
}

#[test]
fn one_seed_breaks_the_same_requests() {
    let faults = Faults {
        seed: 17,
        lose_request: 0.05,
        lose_reply: 0.1,
        duplicate: 0.1,
        repeat_later: 0.1,
        delay: 0.05,
        longest_delay: Duration::from_millis(2),
    };
    let run = |seed| {
        let fixture = Fixture::new();
        fixture.proxy.set_faults(Faults { seed, ..faults });
        let replies: Vec<_> = (0..200).map(|_| incr(&mut fixture.client())).collect();
        fixture.proxy.clear_faults();
        let _ = fixture.proxy.repeat_now();
        (replies, fixture.value(), fixture.counts())
    };
    let (replies, value, counts) = run(17);
    assert_eq!((replies.clone(), value.clone(), counts), run(17));
    assert_ne!(replies, run(18).0);

    let lost = replies.iter().filter(|reply| reply.is_none()).count() as u64;
    assert_eq!(lost, counts.lost_requests + counts.lost_replies);
    let executed = counts.requests - counts.lost_requests + counts.duplicates;
    assert_eq!(value, (executed + counts.repeated_later).to_string());
    for count in [counts.lost_requests, counts.lost_replies, counts.delayed] {
        assert!(count > 0, "{counts:?}");
    }
    assert!(
        counts.duplicates > 0 && counts.repeated_later > 0,
        "{counts:?}"
    );
}

#[test]
fn many_clients_share_a_proxy() {
    let fixture = Fixture::new();
    scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = fixture.client();
                for _ in 0..200 {
                    assert!(incr(&mut client).is_some());
                }
            });
        }
    });
    assert_eq!(fixture.value(), "1600");
}

#[test]
fn the_proxy_can_lead_to_another_server() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    assert!(incr(&mut client).is_some());
    let other = RedisServer::shared(Engine::Redis);
    fixture.proxy.set_server(other.port());
    fixture.proxy.cut();
    assert_eq!(fixture.client().command(&["GET", "key"]).unwrap(), "(nil)");
}

#[test]
fn a_server_that_is_down_closes_connections() {
    let fixture = Fixture::new();
    fixture.server.kill();
    assert_eq!(incr(&mut fixture.client()), None);
    fixture.server.restart();
    assert_eq!(incr(&mut fixture.client()).as_deref(), Some("1"));
}

#[test]
fn the_end_of_the_proxy_closes_its_port() {
    let Fixture { server, proxy } = Fixture::new();
    let port = proxy.port();
    let mut client = RespClient::connect(port, None).unwrap();
    drop(proxy);
    assert_eq!(incr(&mut client), None);
    wait_until("a closed port", || RespClient::connect(port, None).is_err());
    drop(server);
}

#[test]
fn a_promoted_replica_lacks_the_writes_that_the_proxy_held_back() {
    for engine in Engine::tested() {
        let master = RedisServer::start(engine);
        let proxy = TcpProxy::start(Protocol::Bytes, master.port());
        let replica = master.start_replica_through(proxy.port());
        master.command(&["SET", "key", "early"]);
        replica.wait_until_in_sync_with(&master);
        proxy.hold_replies();
        master.command(&["SET", "key", "late"]);
        master.kill();
        replica.promote();
        proxy.release_replies();
        assert_eq!(replica.command(&["GET", "key"]), "early");
    }
}

#[test]
fn a_text_chooses_bytes_of_any_protocol() {
    let server = RedisServer::shared(Engine::Redis);
    let proxy = TcpProxy::start(Protocol::Bytes, server.port());
    let connect = || RespClient::connect(proxy.port(), None).unwrap();
    for (fault, expected) in [(Fault::LoseReply, "1"), (Fault::LoseRequest, "(nil)")] {
        let key = format!("bytes {fault:?}");
        proxy.once_at(&key, fault);
        let mut client = connect();
        assert_eq!(client.command(&["PING"]).unwrap(), "PONG");
        assert!(client.command(&["INCR", &key]).is_err());
        assert_eq!(connect().command(&["GET", &key]).unwrap(), expected);
    }
}

#[test]
#[should_panic(expected = "only requests of Redis can be repeated")]
fn bytes_cannot_be_repeated() {
    TcpProxy::start(Protocol::Bytes, 1).once(Fault::Duplicate);
}
