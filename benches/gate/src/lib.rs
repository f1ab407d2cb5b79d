//! Requests whose instructions are counted under callgrind, by `scripts/instructions`.
//!
//! There is one small program for each group of paths, so that a new path in one of them does not move the figures of
//! the others.

mod handler;
mod layers;
mod request;

use std::{env, hint::black_box};

pub use handler::{CURRENT_TAG, Handler, OTHER_TAG};
pub use layers::{policy, source};
pub use request::{Body, OneRequest, answers, tag_of};

/// A path: its name in the table of figures, and what opens it.
pub type Path = (&'static str, fn() -> OneRequest);

/// Prints the names of the paths, or takes one of them: `PROGRAM [NAME COUNT]`.
pub fn run(paths: &[Path]) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => paths.iter().for_each(|(name, _)| println!("{name}")),
        [name, count] => {
            let path = paths.iter().find(|(other, _)| *other == name);
            let (_, open) = path.expect("the name of a path");
            let mut one_request = open();
            // The first request makes the text of a date and the like, which is not counted.
            one_request();
            measured(&mut one_request, count.parse().expect("a number"));
        }
        _ => panic!("usage: PROGRAM [NAME COUNT]"),
    }
}

/// The function that callgrind counts in.
#[inline(never)]
fn measured(one_request: &mut OneRequest, count: u32) {
    for _ in 0..count {
        black_box(one_request());
    }
}
