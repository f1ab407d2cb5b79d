//! What writers were told, held against what was committed.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Client;

/// Writes down each committed text of a page. Its row is locked meanwhile, so
/// the numbers have the order of the commits.
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

/// One write of a text that no other write has.
#[derive(Debug)]
pub(crate) struct Write {
    /// What its writer had read.
    pub(crate) over: String,
    /// The tag of that.
    pub(crate) tag: String,
    pub(crate) text: String,
    pub(crate) told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Told {
    Accepted,
    Refused,
    /// An error: it may have been performed.
    Nothing,
}

/// How many writes were told what.
pub(crate) fn count(writes: &[Write], told: Told) -> usize {
    writes.iter().filter(|write| write.told == told).count()
}

/// Each accepted write was committed, no refused one was, and each that was
/// stands directly behind the text that its writer had read: nobody was
/// overwritten unseen.
#[track_caller]
pub(crate) fn assert_nothing_lost(writes: &[Write], committed: &[String]) {
    let mut told: HashMap<_, _> = writes.iter().map(|write| (&write.text, write)).collect();
    assert_eq!(told.len(), writes.len(), "texts are unique");
    for pair in committed.windows(2) {
        let write = told.remove(&pair[1]).expect("a write, committed once");
        assert_eq!(write.over, pair[0], "overwritten unseen: {write:?}");
        assert_ne!(write.told, Told::Refused, "{write:?}");
    }
    for write in told.values() {
        assert_ne!(write.told, Told::Accepted, "not committed: {write:?}");
    }
    let mut replaced = HashSet::new();
    for write in writes.iter().filter(|write| write.told == Told::Accepted) {
        assert!(replaced.insert(&write.tag), "replaced twice: {write:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(over: &str, text: &str, told: Told) -> Write {
        Write {
            over: over.into(),
            tag: format!("\"{over}\""),
            text: text.into(),
            told,
        }
    }

    fn check(writes: &[Write], committed: &[&str]) {
        let committed: Vec<_> = committed.iter().map(ToString::to_string).collect();
        assert_nothing_lost(writes, &committed);
    }

    #[test]
    fn a_write_without_an_answer_may_be_there_or_not() {
        let writes = [
            write("a", "b", Told::Nothing),
            write("a", "c", Told::Nothing),
        ];
        check(&writes, &["a", "b"]);
        check(&writes, &["a"]);
    }

    #[test]
    #[should_panic(expected = "overwritten unseen")]
    fn finds_a_lost_update() {
        let writes = [
            write("a", "b", Told::Accepted),
            write("a", "c", Told::Accepted),
        ];
        check(&writes, &["a", "b", "c"]);
    }

    #[test]
    #[should_panic(expected = "not committed")]
    fn finds_a_write_that_is_gone() {
        check(&[write("a", "b", Told::Accepted)], &["a"]);
    }

    #[test]
    #[should_panic(expected = "Refused")]
    fn finds_a_refused_write_that_was_performed() {
        check(&[write("a", "b", Told::Refused)], &["a", "b"]);
    }
}
