//! The responses of writers, compared with the committed writes.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Client;

/// Records each committed text of a page. The row is locked meanwhile, so the numbers have the
/// order of the commits.
pub(crate) const KEPT: &str = "
CREATE TABLE history (number bigserial PRIMARY KEY, text text NOT NULL);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO history (text) VALUES (NEW.content); RETURN NULL; END $$;
CREATE TRIGGER keep AFTER UPDATE ON pages FOR EACH ROW EXECUTE FUNCTION keep();
INSERT INTO history (text) SELECT content FROM pages WHERE name = 'home';
";

pub(crate) async fn committed(client: &Client) -> Vec<String> {
    let sql = "SELECT text FROM history ORDER BY number";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// A write of a text that no other write has.
#[derive(Debug)]
pub(crate) struct Write {
    /// The text that its writer had read.
    pub(crate) over: String,
    /// The tag of that text.
    pub(crate) tag: String,
    pub(crate) text: String,
    pub(crate) result: WriteResult,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WriteResult {
    Accepted,
    Refused,
    /// An error, after which the write may have been performed.
    Unknown,
}

/// Returns the number of writes with this result.
pub(crate) fn count(writes: &[Write], result: WriteResult) -> usize {
    writes.iter().filter(|write| write.result == result).count()
}

/// Checks that each accepted write was committed and no refused one was. Each committed text must
/// come directly after the text that its writer had read, so nothing was overwritten unseen.
#[track_caller]
pub(crate) fn assert_nothing_lost(writes: &[Write], committed: &[String]) {
    let mut result: HashMap<_, _> = writes.iter().map(|write| (&write.text, write)).collect();
    assert_eq!(result.len(), writes.len(), "texts are unique");
    for pair in committed.windows(2) {
        let write = result.remove(&pair[1]).expect("a write, committed once");
        assert_eq!(write.over, pair[0], "overwritten unseen: {write:?}");
        assert_ne!(write.result, WriteResult::Refused, "{write:?}");
    }
    for write in result.values() {
        assert_ne!(
            write.result,
            WriteResult::Accepted,
            "not committed: {write:?}"
        );
    }
    let mut replaced = HashSet::new();
    for write in writes
        .iter()
        .filter(|write| write.result == WriteResult::Accepted)
    {
        assert!(replaced.insert(&write.tag), "replaced twice: {write:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(over: &str, text: &str, result: WriteResult) -> Write {
        Write {
            over: over.into(),
            tag: format!("\"{over}\""),
            text: text.into(),
            result,
        }
    }

    fn check(writes: &[Write], committed: &[&str]) {
        let committed: Vec<_> = committed.iter().map(ToString::to_string).collect();
        assert_nothing_lost(writes, &committed);
    }

    #[test]
    fn a_write_without_an_answer_may_be_there_or_not() {
        let writes = [
            write("a", "b", WriteResult::Unknown),
            write("a", "c", WriteResult::Unknown),
        ];
        check(&writes, &["a", "b"]);
        check(&writes, &["a"]);
    }

    #[test]
    #[should_panic(expected = "overwritten unseen")]
    fn finds_a_lost_update() {
        let writes = [
            write("a", "b", WriteResult::Accepted),
            write("a", "c", WriteResult::Accepted),
        ];
        check(&writes, &["a", "b", "c"]);
    }

    #[test]
    #[should_panic(expected = "not committed")]
    fn finds_a_write_that_is_gone() {
        check(&[write("a", "b", WriteResult::Accepted)], &["a"]);
    }

    #[test]
    #[should_panic(expected = "Refused")]
    fn finds_a_refused_write_that_was_performed() {
        check(&[write("a", "b", WriteResult::Refused)], &["a", "b"]);
    }
}
