//! The history of idempotency keys: orders, their retries, and the orders that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Interval, Rule, Violation};

/// A request for an order with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderRequest {
    pub(crate) at: Interval,
    pub(crate) key: String,
    pub(crate) answer: OrderAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrderAnswer {
    /// 201 with this number and these bytes.
    Placed {
        number: u64,
        body: String,
        is_replay: bool,
    },
    /// 409: another request with the key runs.
    InFlight,
    /// 409: nobody knows if the request was performed.
    OutcomeUnknown,
    /// 503: the layer did not run the handler.
    Unavailable,
    /// No answer, or an error after which the order may be placed, even later.
    Unknown,
}

/// Checks that each key has one order, which all its answers have.
///
/// `orders` are the numbers of the orders of each key, as the database has them in the end. The
/// server of the keys has lost its data `losses` times, and may run a key once more after each.
pub(crate) fn check_orders(
    requests: &[OrderRequest],
    orders: &BTreeMap<String, Vec<u64>>,
    losses: usize,
) -> Result<(), Violation> {
    let mut of_key: BTreeMap<&str, Vec<&OrderRequest>> = BTreeMap::new();
    for request in requests {
        of_key.entry(&request.key).or_default().push(request);
    }
    for (key, orders) in orders {
        if orders.len() > 1 + losses {
            let requests = of_key.get(&**key);
            let evidence = format!("{key:?} has the orders {orders:?}: {requests:?}");
            return Err(Violation::new(Rule::SecondExecution, evidence));
        }
    }
    for (key, requests) in of_key {
        let orders = orders.get(key).map_or(&[][..], Vec::as_slice);
        check_key(&requests, orders, losses)?;
    }
    Ok(())
}

fn check_key(requests: &[&OrderRequest], orders: &[u64], losses: usize) -> Result<(), Violation> {
    let diverges = |request: &OrderRequest| {
        let evidence = format!("{request:?}, while the orders are {orders:?}: {requests:?}");
        Violation::new(Rule::DivergingReplay, evidence)
    };
    let mut bodies = BTreeSet::new();
    let mut first_answers = 0;
    // The first answer that a client had, after which every request must have it.
    let mut answered: Option<Interval> = None;
    for request in requests {
        let OrderAnswer::Placed {
            number,
            body,
            is_replay,
        } = &request.answer
        else {
            continue;
        };
        bodies.insert(body);
        first_answers += usize::from(!is_replay);
        let is_there = orders.contains(number);
        if !is_there || bodies.len() > 1 + losses || first_answers > 1 + losses {
            return Err(diverges(request));
        }
        if answered.is_none_or(|answered| request.at.returned < answered.returned) {
            answered = Some(request.at);
        }
    }
    let is_forgotten = |request: &&&OrderRequest| {
        let forgets = matches!(
            request.answer,
            OrderAnswer::InFlight | OrderAnswer::OutcomeUnknown
        );
        forgets && answered.is_some_and(|answered| answered.is_before(request.at))
    };
    match requests.iter().find(is_forgotten) {
        Some(request) if losses == 0 => {
            let evidence = format!("{request:?}, answered before: {requests:?}");
            Err(Violation::new(Rule::ForgottenAnswer, evidence))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn request(invoked: u64, returned: u64, answer: OrderAnswer) -> OrderRequest {
        let at = Interval {
            invoked: Duration::from_millis(invoked),
            returned: Duration::from_millis(returned),
        };
        let key = "key".to_owned();
        OrderRequest { at, key, answer }
    }

    fn placed(number: u64, is_replay: bool) -> OrderAnswer {
        let body = format!("order {number}");
        OrderAnswer::Placed {
            number,
            body,
            is_replay,
        }
    }

    fn check(requests: &[OrderRequest], orders: &[u64], losses: usize) -> Option<Rule> {
        let orders = BTreeMap::from([("key".to_owned(), orders.to_vec())]);
        let checked = check_orders(requests, &orders, losses);
        checked.err().map(|violation| violation.rule)
    }

    #[test]
    fn accepts_one_order_and_its_replays() {
        let requests = [
            request(0, 10, placed(1, false)),
            request(1, 2, OrderAnswer::InFlight),
            request(3, 4, OrderAnswer::Unavailable),
            request(11, 12, placed(1, true)),
            request(13, 14, OrderAnswer::Unknown),
        ];
        assert_eq!(check(&requests, &[1], 0), None);
    }

    #[test]
    fn an_order_without_an_answer_may_be_there_or_not() {
        let requests = [
            request(0, 10, OrderAnswer::Unknown),
            request(11, 12, OrderAnswer::OutcomeUnknown),
        ];
        assert_eq!(check(&requests, &[1], 0), None);
        assert_eq!(check(&requests, &[], 0), None);
        // The first answer was lost.
        let requests = [
            request(0, 10, OrderAnswer::Unknown),
            request(11, 12, placed(1, true)),
        ];
        assert_eq!(check(&requests, &[1], 0), None);
    }

    #[test]
    fn finds_a_second_execution() {
        // One of them was answered, and one was not.
        let requests = [
            request(0, 10, OrderAnswer::Unknown),
            request(11, 12, placed(2, false)),
        ];
        assert_eq!(check(&requests, &[1, 2], 0), Some(Rule::SecondExecution));
        // Nobody had an answer.
        assert_eq!(check(&[], &[1, 2], 0), Some(Rule::SecondExecution));
    }

    #[test]
    fn a_server_that_lost_its_data_may_run_a_key_once_more() {
        let requests = [
            request(0, 10, placed(1, false)),
            request(11, 12, OrderAnswer::InFlight),
            request(13, 14, placed(2, false)),
        ];
        assert_eq!(check(&requests, &[1, 2], 1), None);
        assert_eq!(check(&[], &[1, 2, 3], 1), Some(Rule::SecondExecution));
    }

    #[test]
    fn finds_a_diverging_replay() {
        let requests = [
            request(0, 10, placed(1, false)),
            request(11, 12, placed(2, true)),
        ];
        assert_eq!(check(&requests, &[1], 0), Some(Rule::DivergingReplay));
        // The answer to an order that is not there.
        let requests = [request(0, 10, placed(1, false))];
        assert_eq!(check(&requests, &[], 0), Some(Rule::DivergingReplay));
        // The same number in other bytes.
        let mut requests = [
            request(0, 10, placed(1, false)),
            request(11, 12, placed(1, true)),
        ];
        if let OrderAnswer::Placed { body, .. } = &mut requests[1].answer {
            body.push(' ');
        }
        assert_eq!(check(&requests, &[1], 0), Some(Rule::DivergingReplay));
        // Two answers of which each says that it is the first.
        let requests = [
            request(0, 10, placed(1, false)),
            request(11, 12, placed(1, false)),
        ];
        assert_eq!(check(&requests, &[1], 0), Some(Rule::DivergingReplay));
    }

    #[test]
    fn finds_a_forgotten_answer() {
        for answer in [OrderAnswer::InFlight, OrderAnswer::OutcomeUnknown] {
            let requests = [
                request(0, 10, placed(1, false)),
                request(11, 12, answer.clone()),
            ];
            assert_eq!(check(&requests, &[1], 0), Some(Rule::ForgottenAnswer));
            // The other request began before the answer was there.
            let requests = [request(0, 10, placed(1, false)), request(9, 12, answer)];
            assert_eq!(check(&requests, &[1], 0), None);
        }
    }
}
