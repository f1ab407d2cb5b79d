//! The rules of a layer, and the choice of the policy of a response.

use std::mem;

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header::AUTHORIZATION};

use super::{
    condition_headers::ConditionHeaders,
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
pub(super) struct PolicyRules {
    rules: Vec<Rule>,
    /// The rules with paths, by these paths.
    by_path: RouteTable,
    /// The rules without paths.
    any_path: MatchedRules,
    default_policy: CachePolicy,
    /// The policy of errors without a rule.
    errors: CachePolicy,
    /// The policy of redirections without a rule.
    redirections: CachePolicy,
    /// The policy of a 206 whose media type is unknown.
    parts: CachePolicy,
    /// The headers that rules read. All responses vary by them, since an earlier rule decides if
    /// a later one is evaluated.
    condition_headers: ConditionHeaders,
    /// `true` to add a missing `Date`.
    pub(super) date: bool,
    pub(super) clock: SharedClock,
}

/// The properties of a request that decide on the policy of its response.
#[derive(Debug)]
pub(super) struct MatchedRequest {
    /// The rules that match the request.
    pub(super) rules: MatchedRules,
    kind: RequestKind,
    authorized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestKind {
    /// `GET` and `HEAD`.
    Read,
    /// Another method whose responses may be fresh if a rule says so, such as `QUERY`.
    Safe,
    Other,
}

impl MatchedRequest {
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
    pub(super) fn new(default_policy: CachePolicy) -> Self {
        Self {
            rules: Vec::new(),
            by_path: RouteTable::new(),
            any_path: MatchedRules::default(),
            default_policy,
            errors: CachePolicy::no_store().yield_to_handler(),
            redirections: CachePolicy::no_cache().yield_to_handler(),
            parts: CachePolicy::no_store(),
            condition_headers: ConditionHeaders::default(),
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
        self.condition_headers.extend(rule.take_condition_headers());
        self.rules.push(rule);
        Ok(())
    }

    /// Matches the request against all rules by method and path. If some of them have further
    /// conditions, returns the candidates as an error.
    pub(super) fn match_head<B>(
        &self,
        request: &Request<B>,
    ) -> Result<MatchedRequest, MatchedRules> {
        let (method, headers) = (request.method(), request.headers());
        if self.rules.is_empty() {
            return Ok(MatchedRequest::new(
                MatchedRules::default(),
                method,
                headers,
            ));
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
        Ok(MatchedRequest::new(rules, method, headers))
    }

    /// Matches the request against the conditions of `rules`. Only conditions need the request in
    /// parts.
    pub(super) fn match_conditions<B>(
        &self,
        mut rules: MatchedRules,
        request: Request<B>,
    ) -> (MatchedRequest, Request<B>) {
        let (parts, body) = request.into_parts();
        rules.retain(|rule| self.rules[rule].condition_holds(&parts));
        let matched = MatchedRequest::new(rules, &parts.method, &parts.headers);
        (matched, Request::from_parts(parts, body))
    }

    /// Applies a policy to the response. `chosen` and `whole_type` are those in its extensions.
    pub(super) fn apply(
        &self,
        matched: &MatchedRequest,
        status: StatusCode,
        headers: &mut HeaderMap,
        chosen: Option<&CachePolicy>,
        whole_type: Option<&HeaderValue>,
        now: impl Fn() -> HttpDate,
    ) {
        let authorized = matched.authorized;
        // A policy cannot make a write fresh (RFC 9110, section 9.3.3); its own headers can.
        let chosen =
            chosen.filter(|policy| matched.kind != RequestKind::Other || !policy.is_fresh());
        if let Some(policy) = chosen {
            policy.apply(headers, authorized, &now);
            self.condition_headers.add_to_vary(headers);
            return;
        }
        match self.select(matched, status, headers, whole_type) {
            SelectedPolicy::Policy(policy) => {
                policy.apply(headers, authorized, &now);
                self.condition_headers.add_to_vary(headers);
            }
            // A cache selects an error by the `Vary` of the 200, too (RFC 9111, section 4.1).
            SelectedPolicy::Default(policy) => {
                policy.apply(headers, authorized, &now);
                self.condition_headers.add_to_vary(headers);
                self.vary_as_200(matched, headers);
            }
            // The 304 may have any of these policies, so it is kept private in the headers of all.
            SelectedPolicy::Unknown => {
                for policy in self.possible_policies(matched) {
                    policy.protect_handler_headers(headers, authorized, &now);
                }
                self.vary_as_200(matched, headers);
                self.condition_headers.add_to_vary(headers);
            }
            SelectedPolicy::None => self
                .default_policy
                .protect_handler_headers(headers, authorized, &now),
        }
    }

    /// Adds the names of all policies that a 200 may have to `Vary`. After the first policy, which is
    /// mostly the only one, there is one merge for all.
    fn vary_as_200(&self, matched: &MatchedRequest, headers: &mut HeaderMap) {
        let mut policies = self.possible_policies(matched);
        if let Some(policy) = policies.next() {
            policy.merge_vary(headers);
        }
        let names = policies.flat_map(CachePolicy::vary_names);
        if names.clone().next().is_some() {
            vary::merge(headers, names.cloned());
        }
    }

    #[inline]
    fn select(
        &self,
        matched: &MatchedRequest,
        status: StatusCode,
        headers: &HeaderMap,
        whole_type: Option<&HeaderValue>,
    ) -> SelectedPolicy<'_> {
        for rule in self.rules_for(matched) {
            match rule.matches(status, headers, whole_type) {
                Some(true) => return SelectedPolicy::Policy(rule.policy()),
                Some(false) => {}
                // A 206 has no stored response whose headers could apply.
                None if status == StatusCode::PARTIAL_CONTENT => {
                    return SelectedPolicy::Default(&self.parts);
                }
                None => return SelectedPolicy::Unknown,
            }
        }
        if is_error(status) {
            return SelectedPolicy::Default(&self.errors);
        }
        match matched.kind {
            RequestKind::Read if is_success(status) => SelectedPolicy::Policy(&self.default_policy),
            RequestKind::Read | RequestKind::Safe => SelectedPolicy::Default(&self.redirections),
            RequestKind::Other => SelectedPolicy::None,
        }
    }

    /// Returns the rules that match the request.
    fn rules_for(&self, matched: &MatchedRequest) -> impl Iterator<Item = &Rule> + Clone {
        matched.rules.iter().map(|rule| &self.rules[rule])
    }

    /// Returns the policies that a 200 to the request may have.
    fn possible_policies(
        &self,
        matched: &MatchedRequest,
    ) -> impl Iterator<Item = &CachePolicy> + Clone {
        let rules = self
            .rules_for(matched)
            .filter(|rule| rule.matches_status(StatusCode::OK));
        let rules = rules.map(|rule| (rule.policy(), rule.has_content_type_condition()));
        // A later rule is reached only if all before it depend on the media type.
        let mut open = true;
        rules
            .chain([(&self.default_policy, false)])
            .take_while(move |(_, stays_open)| mem::replace(&mut open, *stays_open))
            .map(|(policy, _)| policy)
    }
}

enum SelectedPolicy<'a> {
    Policy(&'a CachePolicy),
    /// The default for an unmatched response. It varies like a 200.
    Default(&'a CachePolicy),
    /// Not known, for a 304 whose media type is unknown.
    Unknown,
    None,
}
