//! Which policy a response gets.

use std::mem;

use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header::AUTHORIZATION};

use super::{
    matched::MatchedRules,
    rule::{Rule, is_error, is_success},
};
use crate::{
    clock::SharedClock,
    route::RouteTable,
    semantics::{
        caching::{cache_control::InvalidCachePolicy, cache_policy::CachePolicy},
        field::{HttpDate, lines, method, vary},
    },
};

#[derive(Debug, Clone)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// The rules that name paths, by these paths.
    by_path: RouteTable,
    /// Those that name none.
    any_path: MatchedRules,
    otherwise: CachePolicy,
    /// Where neither handler nor rule says anything about an error.
    errors: CachePolicy,
    /// The same for a redirection.
    redirections: CachePolicy,
    /// For a part of which it is not known what it is of.
    parts: CachePolicy,
    /// The fields that rules look at, each once.
    consulted: Vec<HeaderName>,
    /// Adds `Date` to responses without one.
    pub(super) date: bool,
    pub(super) clock: SharedClock,
}

/// What is known when the service is called.
#[derive(Debug)]
pub(super) struct Asked {
    /// Those that the request is of.
    pub(super) rules: MatchedRules,
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
    fn new(rules: MatchedRules, method: &Method, headers: &HeaderMap) -> Self {
        let kind = match *method {
            Method::GET | Method::HEAD => Kind::Read,
            _ if method::may_be_fresh(method) => Kind::Safe,
            _ => Kind::Other,
        };
        Self {
            rules,
            kind,
            authorized: lines::has(headers, &AUTHORIZATION),
        }
    }
}

impl Rules {
    pub(super) fn new(otherwise: CachePolicy) -> Self {
        Self {
            rules: Vec::new(),
            by_path: RouteTable::new(),
            any_path: MatchedRules::default(),
            otherwise,
            errors: CachePolicy::no_store().yield_to_handler(),
            redirections: CachePolicy::no_cache().yield_to_handler(),
            parts: CachePolicy::no_store(),
            consulted: Vec::new(),
            date: true,
            clock: SharedClock::default(),
        }
    }

    pub(super) fn push(&mut self, mut rule: Rule) -> Result<(), InvalidCachePolicy> {
        rule.check()?;
        let number = self.rules.len();
        let paths = rule.take_paths();
        if paths.is_empty() {
            self.any_path.insert(number);
        }
        for path in &paths {
            self.by_path.insert(path, number);
        }
        self.consult(rule.consulted());
        rule.vary(&self.consulted);
        self.rules.push(rule);
        Ok(())
    }

    /// Adds fields that a rule looks at. Every response varies by the fields of all rules, since
    /// an earlier rule decides if a later one is looked at.
    fn consult(&mut self, fields: &[HeaderName]) {
        let known = self.consulted.len();
        for field in fields {
            if !self.consulted.contains(field) {
                self.consulted.push(field.clone());
            }
        }
        let new = &self.consulted[known..];
        // Most rules bring nothing new. To go through all others each time would be quadratic.
        if new.is_empty() {
            return;
        }
        for rule in &mut self.rules {
            rule.vary(new);
        }
        for policy in [
            &mut self.otherwise,
            &mut self.errors,
            &mut self.redirections,
            &mut self.parts,
        ] {
            *policy = policy.clone().vary(new.iter().cloned());
        }
    }

    /// Decides which rules the request is for, unless some of them have a condition.
    /// Gives back those that may apply otherwise.
    pub(super) fn ask_head<B>(&self, request: &Request<B>) -> Result<Asked, MatchedRules> {
        let (method, headers) = (request.method(), request.headers());
        if self.rules.is_empty() {
            return Ok(Asked::new(MatchedRules::default(), method, headers));
        }
        let mut rules = self.any_path.clone();
        self.by_path
            .for_each_match(request.uri().path(), |rule| rules.insert(rule));
        rules.sort();
        let mut conditions = false;
        rules.retain(|rule| {
            let rule = &self.rules[rule];
            let stays = rule.is_for_method(method);
            conditions |= stays && rule.has_condition();
            stays
        });
        if conditions {
            return Err(rules);
        }
        Ok(Asked::new(rules, method, headers))
    }

    /// Decides which of `rules` the request is for. Only their conditions need it taken
    /// apart.
    pub(super) fn ask<B>(
        &self,
        mut rules: MatchedRules,
        request: Request<B>,
    ) -> (Asked, Request<B>) {
        let (parts, body) = request.into_parts();
        rules.retain(|rule| self.rules[rule].condition_holds(&parts));
        let asked = Asked::new(rules, &parts.method, &parts.headers);
        (asked, Request::from_parts(parts, body))
    }

    /// Puts the policy into the head of the response. `chosen` is the handler's.
    pub(super) fn apply(
        &self,
        asked: &Asked,
        status: StatusCode,
        headers: &mut HeaderMap,
        chosen: Option<&CachePolicy>,
        now: impl Fn() -> HttpDate,
    ) {
        let authorized = asked.authorized;
        // A write's answer is fresh only if its own fields say so.
        let chosen = chosen.filter(|policy| asked.kind != Kind::Other || !policy.is_fresh());
        if let Some(policy) = chosen {
            policy.apply(headers, authorized, now);
            vary::merge(headers, self.consulted.iter().cloned());
            return;
        }
        match self.select(asked, status, headers) {
            Selected::Policy(policy) => policy.apply(headers, authorized, now),
            Selected::Default(policy) => {
                policy.apply(headers, authorized, now);
                for possible in self.possible(asked) {
                    possible.merge_vary(headers);
                }
            }
            Selected::NotTold => {
                for possible in self.possible(asked) {
                    possible.protect_handler_headers(headers, authorized, &now);
                    possible.merge_vary(headers);
                }
            }
            Selected::None => self
                .otherwise
                .protect_handler_headers(headers, authorized, now),
        }
    }

    #[inline]
    fn select(&self, asked: &Asked, status: StatusCode, headers: &HeaderMap) -> Selected<'_> {
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
    fn asked(&self, asked: &Asked) -> impl Iterator<Item = &Rule> {
        asked.rules.iter().map(|rule| &self.rules[rule])
    }

    /// The policies that a 200 may have, as far as the request tells.
    fn possible(&self, asked: &Asked) -> impl Iterator<Item = &CachePolicy> {
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
