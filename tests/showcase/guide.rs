//! The examples of `docs/payments.md`, which need stores and a framework.

#[cfg(doctest)]
#[doc = include_str!("../../docs/payments.md")]
struct Payments;
