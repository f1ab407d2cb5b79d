/// Defines the three accessors that every service of this crate has.
macro_rules! service_accessors {
    () => {
        /// Borrows the inner service.
        pub fn get_ref(&self) -> &S {
            &self.inner
        }

        /// Borrows the inner service mutably.
        pub fn get_mut(&mut self) -> &mut S {
            &mut self.inner
        }

        /// Returns the inner service.
        pub fn into_inner(self) -> S {
            self.inner
        }
    };
}

pub(crate) use service_accessors;
