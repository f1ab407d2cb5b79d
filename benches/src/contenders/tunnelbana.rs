//! tunnelbana-etags: tags of the files in a directory, hashed once at the start.

use std::{env::temp_dir, fs, process};

use tower::Layer;
use tunnelbana_etags::{ETagLayer, ETagMap};

use super::{BARE, Contender};
use crate::{
    case::Case,
    drive::{OneRequest, drive},
    handler::Handler,
};

pub fn contender() -> Contender {
    Contender {
        name: "tunnelbana-etags (hashed at the start)",
        bare: BARE,
        hash: None,
        open,
    }
}

fn open(case: &Case) -> Option<OneRequest> {
    // The crate evaluates only reads.
    if !case.reads() {
        return None;
    }
    let folder = temp_dir().join(format!("tower-conditional-bench-{}", process::id()));
    let notes = folder.join("notes");
    fs::create_dir_all(&notes).ok()?;
    fs::write(notes.join("1"), &case.content).ok()?;
    let tags = ETagMap::new(&folder).ok();
    fs::remove_dir_all(&folder).ok()?;
    Some(drive(ETagLayer::new(tags?).layer(Handler::new(case)), case))
}
