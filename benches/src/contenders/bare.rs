//! The handler without any layer, to which every ratio refers.

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
