//! The goals for HTTP.

use std::collections::HashMap;

use tower_conditional_bench::goals::Goal;

use crate::{
    Key, Time,
    servers::{
        BARE, BY_HAND_SHA256, BY_HAND_XXH3, EXPRESS, EXPRESS_IDEMPOTENCY, FASTIFY, GO, IDEMPOTENCY,
        NGINX, NGINX_CACHE, ORDERS, SOURCED, STACK_SHA256, STACK_XXH3,
    },
};

const SMALL: &str = "/1k.json";
const LARGE: &str = "/64k.json";

pub fn goals(times: &HashMap<Key, Time>) -> Vec<Goal> {
    // The best samples count: other processes make a request slower, never faster.
    let ratio = |one: Key, other: Key| Some(times.get(&one)?.best / times.get(&other)?.best);
    let mut goals = Vec::new();
    for (ours, by_hand, limit) in [
        (STACK_SHA256, BY_HAND_SHA256, 1.32),
        (STACK_XXH3, BY_HAND_XXH3, 1.15),
    ] {
        for (other, limit) in [(BARE, limit), (by_hand, 1.0)] {
            let what = format!("1 KiB (200), {ours} / {other}");
            let ratio = ratio((ours, SMALL, false), (other, SMALL, false));
            goals.extend(ratio.map(|ratio| Goal::at_most(what, limit, ratio).ratio()));
        }
    }
    // The bare server has no 304.
    for (path, other, conditional, limit) in [
        (SMALL, BARE, false, 1.08),
        (SMALL, NGINX, true, 0.88),
        (SMALL, NGINX_CACHE, true, 1.10),
        (LARGE, BARE, false, 0.45),
    ] {
        let answer = if conditional { 304 } else { 200 };
        let what = format!("{path}, 304 of {SOURCED} / {answer} of {other}");
        let ratio = ratio((SOURCED, path, true), (other, path, conditional));
        goals.extend(ratio.map(|ratio| Goal::at_most(what, limit, ratio).ratio()));
    }
    for ours in [STACK_SHA256, STACK_XXH3] {
        for (other, limit) in [(EXPRESS, 20.0), (FASTIFY, 4.0), (GO, 1.9)] {
            let what = format!("1 KiB (304), {other} / {ours}");
            let ratio = ratio((other, SMALL, true), (ours, SMALL, true));
            goals.extend(ratio.map(|ratio| Goal::at_least(what, limit, ratio).ratio()));
        }
    }
    let replay = ratio(
        (EXPRESS_IDEMPOTENCY, ORDERS, false),
        (IDEMPOTENCY, ORDERS, false),
    );
    let what = format!("replay of 1 KiB, {EXPRESS_IDEMPOTENCY} / {IDEMPOTENCY}");
    goals.extend(replay.map(|ratio| Goal::at_least(what, 20.0, ratio).ratio()));
    goals
}
