use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{LINK, RETRY_AFTER},
};
use http_body::Body;

use super::config::IdempotencyConfig;
use crate::{
    body::ResponseBody,
    refusal::{KeyProblem, Reason, Refusal},
};

/// Returns the refusal of a request whose handler is not called.
pub(super) fn refuse_early<St, B: Body<Data = Bytes>>(
    config: &IdempotencyConfig<St>,
    problem: KeyProblem,
    accepts_json: bool,
    retry_after: Option<Duration>,
) -> Response<ResponseBody<B>> {
    let mut response = refuse(config, problem, accepts_json, retry_after);
    config.explain(&mut response, |outcome| outcome.set_answered_early(true));
    response
}

/// Returns the refusal of a request whose handler was called, or may have been.
pub(super) fn refuse<St, B: Body<Data = Bytes>>(
    config: &IdempotencyConfig<St>,
    problem: KeyProblem,
    accepts_json: bool,
    retry_after: Option<Duration>,
) -> Response<ResponseBody<B>> {
    let refusal = Refusal::new(Reason::Key(problem)).with_accepts_json(accepts_json);
    let mut response = config.renderer.respond(&refusal).map(ResponseBody::bytes);
    let headers = response.headers_mut();
    if let Some(rest) = retry_after {
        // At least a second, since zero would have clients ask without a pause.
        let seconds = rest.as_secs_f64().ceil().max(1.0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds as u64));
    }
    if let Some(link) = &config.described_by {
        headers.append(LINK, link.clone());
    }
    response.extensions_mut().insert(problem);
    config.explain(&mut response, |outcome| outcome.set_key_problem(problem));
    response
}
