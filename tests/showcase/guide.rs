//! The examples of `docs/payments.md` and `docs/validator_cache.md`, which need stores and a
//! framework.

#[cfg(doctest)]
#[doc = include_str!("../../docs/payments.md")]
struct Payments;

#[cfg(doctest)]
#[doc = include_str!("../../docs/validator_cache.md")]
struct RememberedValidators;
