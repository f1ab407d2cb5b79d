//! Which policy a response gets.

use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header::AUTHORIZATION};

use super::rule::{InvalidRule, Rule, is_success};
use crate::semantics::{cache_policy::CachePolicy, date::HttpDate, fields, method, vary};

#[derive(Debug, Clone)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    otherwise: CachePolicy,
    /// Where neither handler nor rule says anything about an error.
    errors: CachePolicy,
    /// The same for a redirection.
    redirections: CachePolicy,
    consulted: Vec<HeaderName>,
}

/// What is known when the service is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// One bit per rule that the request is of.
    rules: u64,
    kind: Kind,
    authorized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `GET`, `HEAD`, and safe methods that a rule names.
    Read,
    /// A method that a rule names, and whose answers are never fresh.
    Named,
    Other,
}

impl Asked {
    fn new(rules: u64, method: &Method, headers: &HeaderMap) -> Self {
        let kind = match *method {
            Method::GET | Method::HEAD => Kind::Read,
            _ if rules == 0 => Kind::Other,
            _ if method::is_safe(method) => Kind::Read,
            _ => Kind::Named,
        };
        Self {
            rules,
            kind,
            authorized: fields::has(headers, &AUTHORIZATION),
        }
    }
}

impl Rules {
    pub(super) const MOST: usize = 64;

    pub(super) fn new(otherwise: CachePolicy) -> Self {
        Self {
            rules: Vec::new(),
            otherwise,
            errors: CachePolicy::sensitive().yield_to_handler(),
            redirections: CachePolicy::always_ask().yield_to_handler(),
            consulted: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, rule: Rule) -> Result<(), InvalidRule> {
        rule.check()?;
        if self.rules.len() == Self::MOST {
            return Err(InvalidRule::TooMany);
        }
        self.consulted.extend_from_slice(rule.consulted());
        self.rules.push(rule);
        // Whether a rule was looked at depends on what came before it, so that
        // every response has all of them.
        for rule in &mut self.rules {
            rule.vary(&self.consulted);
        }
        for policy in [
            &mut self.otherwise,
            &mut self.errors,
            &mut self.redirections,
        ] {
            *policy = policy.clone().vary(self.consulted.iter().cloned());
        }
        Ok(())
    }

    /// Which rules the request is for. Only they need it taken apart.
    pub(super) fn ask<B>(&self, request: Request<B>) -> (Asked, Request<B>) {
        if self.rules.is_empty() {
            return (Asked::new(0, request.method(), request.headers()), request);
        }
        let (parts, body) = request.into_parts();
        let mut rules = 0;
        for (at, rule) in self.rules.iter().enumerate() {
            rules |= u64::from(rule.asks_for(&parts)) << at;
        }
        let asked = Asked::new(rules, &parts.method, &parts.headers);
        (asked, Request::from_parts(parts, body))
    }

    /// Puts the policy into the head of the response. `chosen` is the handler's.
    pub(super) fn apply(
        &self,
        asked: Asked,
        status: StatusCode,
        headers: &mut HeaderMap,
        chosen: Option<&CachePolicy>,
        now: impl Fn() -> HttpDate,
    ) {
        let Asked { authorized, .. } = asked;
        let now = |policy: &CachePolicy, headers: &HeaderMap| {
            if policy.needs_now(headers) {
                now()
            } else {
                HttpDate::EPOCH
            }
        };
        // A write's answer is fresh only if its own fields say so.
        let chosen = chosen.filter(|policy| asked.kind == Kind::Read || !policy.is_fresh());
        if let Some(policy) = chosen {
            policy.apply(headers, authorized, now(policy, headers));
            vary::merge(headers, self.consulted.iter().cloned());
            return;
        }
        match self.select(asked, status, headers) {
            Selected::Policy(policy) => policy.apply(headers, authorized, now(policy, headers)),
            Selected::Default(policy) => {
                policy.apply(headers, authorized, now(policy, headers));
                self.success(asked).merge_vary(headers);
            }
            Selected::NotTold(rule) => {
                rule.merge_vary(headers);
                self.otherwise.merge_vary(headers);
            }
            Selected::None => {
                let now = now(&self.otherwise, headers);
                self.otherwise.guard(headers, authorized, now);
            }
        }
    }

    fn select(&self, asked: Asked, status: StatusCode, headers: &HeaderMap) -> Selected<'_> {
        for rule in self.asked(asked) {
            match rule.is_for(status, headers) {
                Some(true) => return Selected::Policy(rule.policy()),
                Some(false) => {}
                None => return Selected::NotTold(rule.policy()),
            }
        }
        if status.is_client_error() || status.is_server_error() {
            return Selected::Default(&self.errors);
        }
        match asked.kind {
            Kind::Named | Kind::Other => Selected::None,
            Kind::Read if is_success(status) => Selected::Policy(&self.otherwise),
            Kind::Read => Selected::Default(&self.redirections),
        }
    }

    /// The rules that the request is of.
    fn asked(&self, asked: Asked) -> impl Iterator<Item = &Rule> {
        let bits = self.rules.iter().enumerate();
        bits.filter_map(move |(at, rule)| (asked.rules & (1 << at) != 0).then_some(rule))
    }

    /// The policy that a success would have had, as far as the request tells: a
    /// negotiated error varies as it does.
    fn success(&self, asked: Asked) -> &CachePolicy {
        let mut rules = self.asked(asked).filter(|rule| rule.is_for_success());
        rules.next().map_or(&self.otherwise, Rule::policy)
    }
}

enum Selected<'a> {
    Policy(&'a CachePolicy),
    /// Because nothing was said about it.
    Default(&'a CachePolicy),
    /// A 304 that does not tell whether it is this one.
    NotTold(&'a CachePolicy),
    None,
}
