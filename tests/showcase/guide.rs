//! The examples of `docs/payments.md`, `docs/validator_cache.md` and `docs/what_to_watch.md`, which
//! need stores and a framework.

#[cfg(doctest)]
#[doc = include_str!("../../docs/payments.md")]
struct Payments;

#[cfg(doctest)]
#[doc = include_str!("../../docs/validator_cache.md")]
struct RememberedValidators;

#[cfg(doctest)]
#[doc = include_str!("../../docs/what_to_watch.md")]
struct WhatToWatch;
