//! tower-http's `SetResponseHeader`, which does almost the least that a layer can do to a response.

use http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeader;

use super::{BARE, Contender};
use crate::{drive::drive, handler::Handler};

pub const IF_NOT_PRESENT: &str = "tower-http SetResponseHeader, if not present";

pub fn contender() -> Contender {
    Contender {
        name: "tower-http SetResponseHeader",
        bare: BARE,
        hash: None,
        open: |case| {
            let layered = SetResponseHeader::overriding(
                Handler::new(case),
                header::CACHE_CONTROL,
                HeaderValue::from_static("no-cache"),
            );
            (!case.is_conditional()).then(|| drive(layered, case))
        },
    }
}

/// Returns a layer that sets a header in place of a policy.
pub fn if_not_present() -> Contender {
    Contender {
        name: IF_NOT_PRESENT,
        bare: BARE,
        hash: None,
        open: |case| {
            let layered = SetResponseHeader::if_not_present(
                Handler::new(case),
                header::CACHE_CONTROL,
                HeaderValue::from_static("max-age=60"),
            );
            (!case.is_conditional()).then(|| drive(layered, case))
        },
    }
}
