//! tower-http's `SetResponseHeader`: about the least that a layer can do to a response.

use http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeader;

use super::{BARE, Contender};
use crate::{drive::drive, handler::Handler};

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
