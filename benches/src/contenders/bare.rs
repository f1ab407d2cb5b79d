//! The handler without any layer: the denominator of every ratio.

use super::Contender;
use crate::{drive::drive, handler::Handler};

pub const NAME: &str = "bare service";

pub fn contender() -> Contender {
    Contender {
        name: NAME,
        bare: NAME,
        hash: None,
        open: |case| (!case.is_conditional()).then(|| drive(Handler::new(case), case)),
    }
}
