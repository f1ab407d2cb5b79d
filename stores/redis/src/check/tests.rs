use redis::{Value, VerbatimFormat};

use super::*;

const ALL: &[Risk] = &[
    Risk::Eviction,
    Risk::NoPersistence,
    Risk::Replica,
    Risk::OldVersion,
    Risk::Failover,
];

/// The lines that the check reads, between others, as Redis 7.0.15 writes them.
const REDIS: &str = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n\r\n\
    # Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n\r\n\
    # Persistence\r\nloading:0\r\naof_enabled:1\r\naof_rewrite_in_progress:0\r\n\r\n\
    # Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\n\
    \r\n# Cluster\r\ncluster_enabled:0\r\n";

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn found(text: &str) -> Vec<String> {
    problems(&bulk(text), ALL, &[])
}

#[test]
fn a_server_that_is_set_up_well_is_accepted() {
    assert_eq!(found(REDIS), [""; 0]);
    let text = REDIS.to_owned();
    let format = VerbatimFormat::Text;
    let verbatim = Value::VerbatimString { format, text };
    assert_eq!(problems(&verbatim, ALL, &[]), [""; 0]);
}

#[test]
fn each_risk_is_refused_with_its_remedy_and_can_be_allowed() {
    let rows = [
        (
            Risk::Eviction,
            ("policy:noeviction", "policy:allkeys-lru"),
            "maxmemory-policy is \"allkeys-lru\", so a full server drops records \
             (set it to \"noeviction\", or allow Risk::Eviction)",
        ),
        (
            Risk::NoPersistence,
            ("aof_enabled:1", "aof_enabled:0"),
            "appendonly is \"no\", so a restart loses records \
             (set it to \"yes\", or allow Risk::NoPersistence)",
        ),
        (
            Risk::Replica,
            ("role:master", "role:slave"),
            "the role of the server is \"slave\" (connect to the primary, or by way of Sentinel \
             or the cluster, or allow Risk::Replica)",
        ),
        (
            Risk::OldVersion,
            ("7.0.15", "5.0.14"),
            "the version is \"5.0.14\" (use Redis 6 or later, or Valkey 7 or later, or allow \
             Risk::OldVersion)",
        ),
        (
            Risk::Failover,
            ("connected_slaves:0", "connected_slaves:2"),
            "the server has replicas (2), whose promotion undoes steps (leave out \
             without_failover(), or allow Risk::Failover)",
        ),
        (
            Risk::UnknownServer,
            ("aof_enabled:1\r\n", ""),
            "INFO has no \"aof_enabled\" (let the user of the connection run INFO, or use Redis \
             or Valkey, or allow Risk::UnknownServer)",
        ),
    ];
    for (risk, (from, to), text) in rows {
        let info = REDIS.replace(from, to);
        assert_ne!(info, REDIS, "{risk:?}");
        assert_eq!(found(&info), [text]);
        assert_eq!(problems(&bulk(&info), ALL, &[risk]), [""; 0], "{risk:?}");
        let others: Vec<_> = ALL.iter().copied().filter(|other| *other != risk).collect();
        assert_eq!(problems(&bulk(&info), ALL, &others), [text]);
    }
}

/// A cluster promotes replicas by itself, whatever its user says.
#[test]
fn a_cluster_is_refused_for_its_failover_in_any_case() {
    let info = REDIS.replace("cluster_enabled:0", "cluster_enabled:1");
    for allowed in [&[][..], &[Risk::Failover]] {
        let text = "the server belongs to a cluster, whose fail-over undoes steps (leave out \
                    without_failover())";
        assert_eq!(problems(&bulk(&info), ALL, allowed), [text]);
    }
}

/// The steps of validators read `INFO`.
#[test]
fn an_unknown_server_cannot_be_allowed_if_that_is_checked() {
    let checked = [Risk::Replica, Risk::UnknownServer];
    let with = |lines| REDIS.replace("role:master", lines);
    assert_eq!(
        problems(
            &bulk(&with("role:master\r\nmaster_replid:12")),
            &checked,
            &[]
        ),
        [""; 0]
    );
    for (lines, missing) in [
        ("master_replid:12", "role"),
        ("role:master", "master_replid"),
    ] {
        let text = format!(
            "INFO has no {missing:?} (let the user of the connection run INFO, or use Redis or \
             Valkey)"
        );
        let found = problems(&bulk(&with(lines)), &checked, &[Risk::UnknownServer]);
        assert_eq!(found, [text]);
    }
}

#[test]
fn a_client_of_a_cluster_may_repeat_commands() {
    assert!(!belongs_to_cluster(&bulk(REDIS)));
    let cluster = REDIS.replace("cluster_enabled:0", "cluster_enabled:1");
    let unknown = REDIS.replace("cluster_enabled:0", "");
    let nodes = Value::Map(vec![(bulk("127.0.0.1:7000"), bulk(REDIS))]);
    for answer in [bulk(&cluster), bulk(&unknown), nodes, Value::Nil] {
        assert!(belongs_to_cluster(&answer), "{answer:?}");
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let info = REDIS.replace("aof_enabled:1", "aof_enabled:0");
    let info = info.replace("noeviction", "volatile-ttl");
    assert_eq!(found(&info).len(), 2);
    assert_eq!(problems(&bulk(&info), &[Risk::Replica], &[]), [""; 0]);
}

#[test]
fn versions_of_redis_and_valkey_are_told_apart() {
    let rows = [
        ("redis_version:6.0.0", true),
        ("redis_version:10.0", true),
        ("redis_version:5.0.14", false),
        ("redis_version:255.255.255", true),
        // Valkey names the version of Redis with which it is compatible, too.
        ("redis_version:7.2.4\r\nvalkey_version:8.1.1", true),
        ("redis_version:7.2.4\r\nvalkey_version:7.2.5", true),
        ("redis_version:7.2.4\r\nvalkey_version:6.9", false),
        ("redis_version:unstable", false),
        ("redis_version:", false),
        ("valkey_release_stage:ga", false),
    ];
    for (lines, is_accepted) in rows {
        let info = REDIS.replace("redis_version:7.0.15", lines);
        let found = problems(&bulk(&info), &[Risk::OldVersion], &[]);
        assert_eq!(found.is_empty(), is_accepted, "{lines}: {found:?}");
    }
}

#[test]
fn an_answer_that_is_no_text_is_an_unknown_server() {
    let answers = [Value::Nil, bulk(""), Value::Int(1), Value::Map(Vec::new())];
    for answer in answers {
        let found = problems(&answer, ALL, &[]);
        assert_eq!(found.len(), ALL.len(), "{answer:?}");
        assert!(found[0].contains("\"maxmemory_policy\""), "{found:?}");
        assert_eq!(problems(&answer, ALL, &[Risk::UnknownServer]), [""; 0]);
    }
}

#[test]
fn each_primary_of_a_cluster_counts() {
    let bad = REDIS.replace("noeviction", "allkeys-lfu");
    let node = |port: u16, info: &str| (bulk(&format!("127.0.0.1:{port}")), bulk(info));
    let nodes = Value::Map(vec![node(7000, REDIS), node(7001, &bad), node(7002, REDIS)]);
    let found = problems(&nodes, ALL, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    let prefix = "node \"127.0.0.1:7001\": maxmemory-policy is \"allkeys-lfu\"";
    assert!(found[0].starts_with(prefix), "{found:?}");
    assert_eq!(problems(&nodes, ALL, &[Risk::Eviction]), [""; 0]);
}
