//! Reads and writes of notes, whose tags are versions.

use http::{
    Method, Request, StatusCode,
    header::{IF_MATCH, IF_NONE_MATCH},
};
use tower_conditional::observe::ExchangeResult;

use crate::client::Client;
impl Client {
    pub(crate) async fn read_note(&mut self, number: u64) {
        let is_compared = self.draw.coin();
        let kind = if is_compared { 'n' } else { 'u' };
        let target = self.target(kind, number);
        let last = usize::from(is_compared);
        let (mut request, choice) = (Request::get(target.path()), self.draw.below(3));
        match choice {
            0 => {}
            1 => request = request.header(IF_NONE_MATCH, "\"old\""),
            _ => request = request.header(IF_NONE_MATCH, self.world.tag(target)),
        }
        let response = self.send(request).await;
        if choice == 2 {
            self.model.add("source present", 1);
            self.model.add("runs saved", 1);
            if let Some(length) = self.last_lengths[last] {
                self.model
                    .add(format!("saved {} last", target.route()), length);
            }
            let result = ExchangeResult::NotModified;
            self.answered(target, &Method::GET, result, response).await;
            return;
        }
        // The tag is confirmed after the handler.
        self.model.add("source present", 2);
        self.model.add("runs", 1);
        let result = if choice == 0 {
            ExchangeResult::Unconditional
        } else {
            ExchangeResult::Proceeded
        };
        let length = self.answered(target, &Method::GET, result, response).await;
        assert_eq!(length, self.world.content(target).len() as u64);
        self.last_lengths[last] = Some(length);
    }

    pub(crate) async fn write_note(&mut self, number: u64) {
        let kind = self.draw.pick(&['n', 'u']);
        let target = self.target(kind, number);
        let request = Request::put(target.path());
        let (request, result) = match self.draw.below(3) {
            0 => (request, ExchangeResult::PreconditionRequired),
            1 => (
                request.header(IF_MATCH, "\"old\""),
                ExchangeResult::PreconditionFailed,
            ),
            _ => (
                request.header(IF_MATCH, self.world.tag(target)),
                ExchangeResult::Proceeded,
            ),
        };
        let response = self.send(request).await;
        self.model.add("source present", 1);
        if result == ExchangeResult::Proceeded {
            assert_eq!(response.status(), StatusCode::NO_CONTENT);
            self.model.add("runs", 1);
            for name in ["unchecked", "unchecked events"] {
                self.model.add(name, u64::from(target.kind == 'u'));
            }
        } else {
            self.model.add("runs saved", 1);
        }
        self.answered(target, &Method::PUT, result, response).await;
    }
}
