//! Requests whose instructions are counted under callgrind, by `scripts/instructions`.
//!
//! There is one small program for each group of paths, so that a new path in one does not move the
//! figures of the others.

mod handler;
mod layers;
mod request;

use std::{env, hint::black_box};

pub use handler::{CURRENT_TAG, EditedAnswer, Handler, JsonAnswer, OTHER_TAG};
pub use layers::{policy, source};
pub use request::{Body, OneRequest, answers, answers_each, tag_of};

/// A path: its name in the table of figures, and the function that runs it.
pub type Path = (&'static str, fn() -> OneRequest);

/// Prints the names of the paths, or runs one of them: `PROGRAM [NAME COUNT]`.
pub fn run(paths: &[Path]) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => paths.iter().for_each(|(name, _)| println!("{name}")),
        [name, count] => {
            let path = paths.iter().find(|(other, _)| *other == name);
            let (_, open) = path.expect("the name of a path");
            let mut one_request = open();
            // The first request also makes texts such as that of the date, which are not counted.
            one_request();
            measured(&mut one_request, count.parse().expect("a number"));
        }
        _ => panic!("usage: PROGRAM [NAME COUNT]"),
    }
}

/// Runs the requests. Callgrind counts the instructions of this function.
#[inline(never)]
fn measured(one_request: &mut OneRequest, count: u32) {
    for _ in 0..count {
        black_box(one_request());
    }
}
