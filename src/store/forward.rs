//! Stores behind an `Arc`.

/// Forwards the methods of a store, with their arguments and their results.
macro_rules! forward {
    ($($method:ident($($argument:ident: $kind:ty),*) -> $output:ty;)*) => {$(
        fn $method(
            &self,
            $($argument: $kind),*
        ) -> impl Future<Output = Result<$output, StoreError>> + Send {
            S::$method(self, $($argument),*)
        }
    )*};
}
pub(super) use forward;
