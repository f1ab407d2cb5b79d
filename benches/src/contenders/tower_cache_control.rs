//! tower-cache-control: one `Cache-Control` if the handler sets none, by the class of the status.

use std::time::Duration;

use tower::Layer;
use tower_cache_control::{CacheControl, CacheControlLayer};

use super::{BARE, Contender};
use crate::{drive::drive, handler::Handler};

pub const NAME: &str = "tower-cache-control";

pub fn contender() -> Contender {
    Contender {
        name: NAME,
        bare: BARE,
        hash: None,
        open: |case| {
            let minute = CacheControl::new().with_max_age(Duration::from_secs(60));
            let layer = CacheControlLayer::new(minute);
            (!case.is_conditional()).then(|| drive(layer.layer(Handler::new(case)), case))
        },
    }
}
