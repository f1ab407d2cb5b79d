/// The setters that the builders of all stores have. The builder has the fields `settings` and
/// `allowed`.
macro_rules! shared_setters {
    (records: $records:literal, $(#[$clock:meta])+ clock) => {
        /// Sets the beginning of the names of all keys. Defaults to `tower-conditional`.
        ///
        #[doc = concat!("Stores with the same prefix share their ", $records, ".")]
        /// `open` refuses an empty prefix, and one of more than 200 bytes. It refuses braces, which
        /// choose the slot of a cluster. It also refuses white space, control characters, `*`, `?`,
        /// `[`, `]` and `\`, since a rule of the ACL could not name the keys.
        #[must_use]
        pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
            self.settings.prefix = prefix.as_ref().into();
            self
        }

        /// Sets the timeout of each step. Defaults to 1 second. `open` refuses zero.
        ///
        /// A step that takes longer may have been applied: its error is ambiguous. The client has
        /// timeouts of its own. A `ConnectionManager` waits 500 ms for an answer by default, and
        /// longer for a new connection.
        #[must_use]
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.timeout = timeout;
            self
        }

        /// Accepts a risk for which `open` would refuse the server. Call it once for each risk. By
        /// default no risk is accepted.
        #[must_use]
        pub fn allow(mut self, risk: crate::Risk) -> Self {
            self.allowed.push(risk);
            self
        }

        $(#[$clock])+
        #[cfg(feature = "test-util")]
        #[must_use]
        pub fn clock(mut self, clock: tower_conditional::clock::ManualClock) -> Self {
            self.settings.clock = crate::settings::ScriptClock::Manual(clock);
            self
        }
    };
}

pub(crate) use shared_setters;
