//! The text of an event, with the causes of errors.

use std::{
    error::Error,
    fmt::{self, Write},
};

use tracing::{
    Event,
    field::{Field, Visit},
};

/// Returns the level and all fields of an event.
pub(crate) fn event_text(event: &Event<'_>) -> String {
    let mut text = event.metadata().level().to_string();
    event.record(&mut FieldText(&mut text));
    text
}

/// Appends fields to a text.
pub(crate) struct FieldText<'t>(pub(crate) &'t mut String);

impl Visit for FieldText<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let _ = write!(self.0, " {field}={error}");
        // A formatter writes the causes too.
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(self.0, ": {error}");
            cause = error.source();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {field}={value}");
    }
}
