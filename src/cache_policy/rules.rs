//! Which policy a response gets.

use std::mem;

use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header::AUTHORIZATION};

use super::rule::{InvalidRule, Rule, is_error, is_success};
use crate::{
    semantics::{cache_policy::CachePolicy, date::HttpDate, fields, method, vary},
    source::PathSegments,
};

#[derive(Debug, Clone)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    otherwise: CachePolicy,
    /// Where neither handler nor rule says anything about an error.
    errors: CachePolicy,
    /// The same for a redirection.
    redirections: CachePolicy,
    /// For a part of which it is not known what it is of.
    parts: CachePolicy,
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
    /// `GET` and `HEAD`.
    Read,
    /// Another method whose answers may be fresh, if its rule says so: `QUERY`.
    Safe,
    Other,
}

impl Asked {
    fn new(rules: u64, method: &Method, headers: &HeaderMap) -> Self {
        let kind = match *method {
            Method::GET | Method::HEAD => Kind::Read,
            _ if method::may_be_fresh(method) => Kind::Safe,
            _ => Kind::Other,
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
            parts: CachePolicy::sensitive(),
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
            &mut self.parts,
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
        // One for all rules, or each would search a long path for itself.
        let mut path = PathSegments::new(parts.uri.path());
        let mut rules = 0;
        for (at, rule) in self.rules.iter().enumerate() {
            rules |= u64::from(rule.asks_for(&parts, &mut path)) << at;
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
        let chosen = chosen.filter(|policy| asked.kind != Kind::Other || !policy.is_fresh());
        if let Some(policy) = chosen {
            policy.apply(headers, authorized, now(policy, headers));
            vary::merge(headers, self.consulted.iter().cloned());
            return;
        }
        match self.select(asked, status, headers) {
            Selected::Policy(policy) => policy.apply(headers, authorized, now(policy, headers)),
            Selected::Default(policy) => {
                policy.apply(headers, authorized, now(policy, headers));
                for possible in self.possible(asked) {
                    possible.merge_vary(headers);
                }
            }
            Selected::NotTold => {
                for possible in self.possible(asked) {
                    let now = now(possible, headers);
                    possible.guard(headers, authorized, now);
                    possible.merge_vary(headers);
                }
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
                None if status == StatusCode::PARTIAL_CONTENT => {
                    return Selected::Default(&self.parts);
                }
                None => return Selected::NotTold,
            }
        }
        if is_error(status) {
            return Selected::Default(&self.errors);
        }
        match asked.kind {
            Kind::Read if is_success(status) => Selected::Policy(&self.otherwise),
            Kind::Read | Kind::Safe => Selected::Default(&self.redirections),
            Kind::Other => Selected::None,
        }
    }

    /// The rules that the request is of.
    fn asked(&self, asked: Asked) -> impl Iterator<Item = &Rule> {
        let bits = self.rules.iter().enumerate();
        bits.filter_map(move |(at, rule)| (asked.rules & (1 << at) != 0).then_some(rule))
    }

    /// The policies that a 200 may have, as far as the request tells.
    fn possible(&self, asked: Asked) -> impl Iterator<Item = &CachePolicy> {
        let rules = self.asked(asked).filter(|rule| rule.names(StatusCode::OK));
        let rules = rules.map(|rule| (rule.policy(), rule.looks_at_content()));
        let mut open = true;
        rules
            .chain([(&self.otherwise, false)])
            .take_while(move |(_, stays_open)| mem::replace(&mut open, *stays_open))
            .map(|(policy, _)| policy)
    }
}

enum Selected<'a> {
    Policy(&'a CachePolicy),
    /// Because nothing was said about it. It varies as a 200 would.
    Default(&'a CachePolicy),
    /// A 304 of which it is not known what it is of.
    NotTold,
    None,
}
