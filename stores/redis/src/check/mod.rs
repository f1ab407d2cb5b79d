//! The check of a server when a store is opened. It reads `INFO` alone, since `CONFIG` is often
//! forbidden.

mod info;
#[cfg(test)]
mod tests;

use std::fmt;

use redis::{Cmd, Value, aio::ConnectionLike};

use self::info::Info;
use crate::{Error, server::Server};

/// A property of a server for which a store refuses to open.
///
/// `allow` on a store's builder accepts one, so that the store opens nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Risk {
    /// `maxmemory-policy` is not `noeviction`. A full server drops records, and retries then
    /// run a second time.
    Eviction,
    /// `appendonly` is off. A restart loses the records since the last snapshot, or all of
    /// them.
    NoPersistence,
    /// The server is a replica. It refuses writes, or keeps writes that its primary never gets.
    Replica,
    /// The server is older than Redis 6 or Valkey 7, the oldest versions with which the store
    /// is tested.
    OldVersion,
    /// The server has replicas, and a store of validators was declared to be
    /// [`without_failover`](crate::RedisValidatorStoreBuilder::without_failover).
    ///
    /// To accept it is a promise of yours: nobody promotes a replica, neither a person nor
    /// Sentinel nor the provider. The replicas are copies for backups and other readers. If one is
    /// promoted nevertheless, a 304 may be stale, although the store says `Strict`. A cluster
    /// promotes replicas by itself, so it is refused in any case.
    Failover,
    /// `INFO` is refused, or lacks a property that the check reads. So nothing is known of the
    /// server.
    ///
    /// A store of validators ignores that this is accepted, since its steps read `INFO`, too.
    UnknownServer,
}

/// Reads `INFO`, and refuses the server if it has one of the risks that `checked` names. Risks
/// in `allowed` are accepted. If `checked` has [`Risk::UnknownServer`], that one is not.
pub(crate) async fn check<C>(
    server: &mut Server<C>,
    checked: &[Risk],
    allowed: &[Risk],
) -> Result<(), Error>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    let mut command = Cmd::new();
    command.arg("INFO");
    let problems = match server.query(&command).await {
        Ok(answer) => {
            server.set_may_repeat(belongs_to_cluster(&answer));
            problems(&answer, checked, allowed)
        }
        // The server answers, but not this user. Nothing is known of it.
        Err(error) if error.code().is_some() => {
            let found = format!("INFO fails with {:?}", error.to_string());
            let problem = Problem::unknown(found, checked);
            let problem = (!problem.is_allowed(allowed)).then(|| problem.to_string());
            problem.into_iter().collect()
        }
        Err(error) => return Err(Error::connection(error)),
    };
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::refused(problems.join("; ")))
}

/// Returns the texts of all problems. A client of a cluster answers with a map from the address
/// of each primary to its text.
fn problems(answer: &Value, checked: &[Risk], allowed: &[Risk]) -> Vec<String> {
    let mut found = Vec::new();
    match answer {
        Value::Map(nodes) if !nodes.is_empty() => {
            for (address, info) in nodes {
                let address = info::text(address).unwrap_or_default();
                let info = Info::new(info::text(info).unwrap_or_default());
                let problems = Problem::all_of(checked, &info);
                found.extend(problems.map(|problem| (Some(address), problem)));
            }
        }
        answer => {
            let info = Info::new(info::text(answer).unwrap_or_default());
            let problems = Problem::all_of(checked, &info);
            found.extend(problems.map(|problem| (None, problem)));
        }
    }
    found.retain(|(_, problem)| !problem.is_allowed(allowed));
    let texts = found.iter().map(|(address, problem)| match address {
        Some(address) => format!("node {address:?}: {problem}"),
        None => problem.to_string(),
    });
    texts.collect()
}

/// Returns `true` unless the server is known to belong to no cluster. A client of a cluster
/// sends a command to the next node if one refuses it.
fn belongs_to_cluster(answer: &Value) -> bool {
    let info = info::text(answer).map(Info::new);
    info.is_none_or(|info| info.value("cluster_enabled") != Ok("0"))
}

struct Problem {
    risk: Risk,
    found: String,
    remedy: &'static str,
    /// The user may know better. Otherwise the store cannot work.
    can_be_allowed: bool,
}

impl Problem {
    /// Returns the problems of the server. A property that is missing is
    /// [`Risk::UnknownServer`], whichever risk is checked.
    fn all_of(checked: &[Risk], info: &Info<'_>) -> impl Iterator<Item = Self> {
        checked
            .iter()
            .filter_map(|risk| match Self::read(*risk, info) {
                Ok(problem) => problem,
                Err(missing) => Some(Self::unknown(format!("INFO has no {missing:?}"), checked)),
            })
    }

    fn unknown(found: String, checked: &[Risk]) -> Self {
        Self {
            risk: Risk::UnknownServer,
            found,
            remedy: "let the user of the connection run INFO, or use Redis or Valkey",
            // The steps of the store read INFO, too.
            can_be_allowed: !checked.contains(&Risk::UnknownServer),
        }
    }

    fn is_allowed(&self, allowed: &[Risk]) -> bool {
        self.can_be_allowed && allowed.contains(&self.risk)
    }

    fn read(risk: Risk, info: &Info<'_>) -> Result<Option<Self>, &'static str> {
        let mut can_be_allowed = true;
        let (found, remedy) = match risk {
            Risk::Eviction => match info.value("maxmemory_policy")? {
                "noeviction" => return Ok(None),
                policy => (
                    format!("maxmemory-policy is {policy:?}, so a full server drops records"),
                    "set it to \"noeviction\"",
                ),
            },
            Risk::NoPersistence => match info.value("aof_enabled")? {
                "0" => (
                    "appendonly is \"no\", so a restart loses records".to_owned(),
                    "set it to \"yes\"",
                ),
                _ => return Ok(None),
            },
            Risk::Replica => match info.value("role")? {
                "master" => return Ok(None),
                role => (
                    format!("the role of the server is {role:?}"),
                    "connect to the primary, or by way of Sentinel or the cluster",
                ),
            },
            Risk::OldVersion => match info.old_version()? {
                None => return Ok(None),
                Some(version) => (
                    format!("the version is {version:?}"),
                    "use Redis 6 or later, or Valkey 7 or later",
                ),
            },
            Risk::Failover => {
                if info.value("cluster_enabled")? == "1" {
                    // It promotes replicas without being told to.
                    can_be_allowed = false;
                    let found = "the server belongs to a cluster, whose fail-over undoes steps";
                    (found.to_owned(), "leave out without_failover()")
                } else {
                    match info.value("connected_slaves")? {
                        "0" => return Ok(None),
                        count => (
                            format!(
                                "the server has replicas ({count}), whose promotion undoes steps"
                            ),
                            "leave out without_failover()",
                        ),
                    }
                }
            }
            Risk::UnknownServer => {
                // The scripts of validators notice a fail-over by it.
                info.value("master_replid")?;
                return Ok(None);
            }
        };
        Ok(Some(Self {
            risk,
            found,
            remedy,
            can_be_allowed,
        }))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            risk,
            found,
            remedy,
            can_be_allowed,
        } = self;
        write!(f, "{found} ({remedy}")?;
        if *can_be_allowed {
            write!(f, ", or allow Risk::{risk:?}")?;
        }
        f.write_str(")")
    }
}
