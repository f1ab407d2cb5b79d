//! Which policy a response gets.

use std::mem;

use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header::AUTHORIZATION};

use super::{
    matched::MatchedRules,
    rule::{Rule, is_error, is_success},
};
use crate::{
    route::RouteTable,
    semantics::{
        caching::{cache_control::InvalidCachePolicy, cache_policy::CachePolicy},
        field::{HttpDate, lines, method, vary},
    },
};

#[derive(Debug, Clone)]
pub(super) struct PolicyRules {
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
}

/// What is known when the service is called.
#[derive(Debug)]
pub(super) struct RequestFacts {
    /// Those that the request is of.
    pub(super) rules: MatchedRules,
    kind: RequestKind,
    authorized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestKind {
    /// `GET` and `HEAD`.
    Read,
    /// Another method whose answers may be fresh, if its rule says so: `QUERY`.
    Safe,
    Other,
}

impl RequestFacts {
    fn new(rules: MatchedRules, method: &Method, headers: &HeaderMap) -> Self {
        let kind = match *method {
            Method::GET | Method::HEAD => RequestKind::Read,
            _ if method::may_be_fresh(method) => RequestKind::Safe,
            _ => RequestKind::Other,
        };
        Self {
            rules,
            kind,
            authorized: lines::has(headers, &AUTHORIZATION),
        }
    }
}

impl PolicyRules {
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
        self.add_consulted(rule.consulted());
        rule.vary(&self.consulted);
        self.rules.push(rule);
        Ok(())
    }

    /// Adds fields that a rule looks at. Every response varies by the fields of all rules, since
    /// an earlier rule decides if a later one is looked at.
    fn add_consulted(&mut self, fields: &[HeaderName]) {
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
    pub(super) fn match_head<B>(&self, request: &Request<B>) -> Result<RequestFacts, MatchedRules> {
        let (method, headers) = (request.method(), request.headers());
        if self.rules.is_empty() {
            return Ok(RequestFacts::new(MatchedRules::default(), method, headers));
        }
        let mut rules = self.any_path.clone();
        self.by_path
            .for_each_match(request.uri().path(), |rule| rules.insert(rule));
        rules.sort();
        let mut conditions = false;
        rules.retain(|rule| {
            let rule = &self.rules[rule];
            let stays = rule.matches_method(method);
            conditions |= stays && rule.has_condition();
            stays
        });
        if conditions {
            return Err(rules);
        }
        Ok(RequestFacts::new(rules, method, headers))
    }

    /// Decides which of `rules` the request is for. Only their conditions need it taken
    /// apart.
    pub(super) fn match_conditions<B>(
        &self,
        mut rules: MatchedRules,
        request: Request<B>,
    ) -> (RequestFacts, Request<B>) {
        let (parts, body) = request.into_parts();
        rules.retain(|rule| self.rules[rule].condition_holds(&parts));
        let facts = RequestFacts::new(rules, &parts.method, &parts.headers);
        (facts, Request::from_parts(parts, body))
    }

    /// Puts the policy into the head of the response. `chosen` is the handler's.
    pub(super) fn apply(
        &self,
        facts: &RequestFacts,
        status: StatusCode,
        headers: &mut HeaderMap,
        chosen: Option<&CachePolicy>,
        now: impl Fn() -> HttpDate,
    ) {
        let authorized = facts.authorized;
        let now = |policy: &CachePolicy, headers: &HeaderMap| {
            if policy.needs_now(headers) {
                now()
            } else {
                HttpDate::EPOCH
            }
        };
        // A write's answer is fresh only if its own fields say so.
        let chosen = chosen.filter(|policy| facts.kind != RequestKind::Other || !policy.is_fresh());
        if let Some(policy) = chosen {
            policy.apply(headers, authorized, now(policy, headers));
            vary::merge(headers, self.consulted.iter().cloned());
            return;
        }
        match self.select(facts, status, headers) {
            SelectedPolicy::Policy(policy) => {
                policy.apply(headers, authorized, now(policy, headers))
            }
            SelectedPolicy::Default(policy) => {
                policy.apply(headers, authorized, now(policy, headers));
                for possible in self.possible(facts) {
                    possible.merge_vary(headers);
                }
            }
            SelectedPolicy::Unknown => {
                for possible in self.possible(facts) {
                    possible.guard(headers, authorized, now);
                    possible.merge_vary(headers);
                }
            }
            SelectedPolicy::None => self.otherwise.guard(headers, authorized, now),
        }
    }

    #[inline]
    fn select(
        &self,
        facts: &RequestFacts,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> SelectedPolicy<'_> {
        for rule in self.rules_for(facts) {
            match rule.matches(status, headers) {
                Some(true) => return SelectedPolicy::Policy(rule.policy()),
                Some(false) => {}
                None if status == StatusCode::PARTIAL_CONTENT => {
                    return SelectedPolicy::Default(&self.parts);
                }
                None => return SelectedPolicy::Unknown,
            }
        }
        if is_error(status) {
            return SelectedPolicy::Default(&self.errors);
        }
        match facts.kind {
            RequestKind::Read if is_success(status) => SelectedPolicy::Policy(&self.otherwise),
            RequestKind::Read | RequestKind::Safe => SelectedPolicy::Default(&self.redirections),
            RequestKind::Other => SelectedPolicy::None,
        }
    }

    /// The rules that the request is of.
    fn rules_for(&self, facts: &RequestFacts) -> impl Iterator<Item = &Rule> {
        facts.rules.iter().map(|rule| &self.rules[rule])
    }

    /// The policies that a 200 may have, as far as the request tells.
    fn possible(&self, facts: &RequestFacts) -> impl Iterator<Item = &CachePolicy> {
        let rules = self
            .rules_for(facts)
            .filter(|rule| rule.matches_status(StatusCode::OK));
        let rules = rules.map(|rule| (rule.policy(), rule.has_content_type_condition()));
        let mut open = true;
        rules
            .chain([(&self.otherwise, false)])
            .take_while(move |(_, stays_open)| mem::replace(&mut open, *stays_open))
            .map(|(policy, _)| policy)
    }
}

enum SelectedPolicy<'a> {
    Policy(&'a CachePolicy),
    /// Because nothing was said about it. It varies as a 200 would.
    Default(&'a CachePolicy),
    /// A 304 of which it is not known what it is of.
    Unknown,
    None,
}
