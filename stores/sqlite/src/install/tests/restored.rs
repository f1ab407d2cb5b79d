//! Files that are put back in an older state.

use std::fs;

use super::row;
use crate::{
    Database, Install,
    test_support::{NOTES, TempFile, execute, schema, tag},
};

/// Returns the file as a backup would have it.
async fn backup(database: &Database, file: &TempFile) -> Vec<u8> {
    execute(database, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    fs::read(file).unwrap()
}

async fn opened(file: &TempFile) -> Database {
    let database = Database::open(file).unwrap();
    schema().install(&database).await.unwrap();
    database
}

#[tokio::test]
async fn a_restored_backup_gives_no_old_tag_to_new_content() {
    let file = TempFile::new();
    let database = Database::open(&file).unwrap();
    execute(&database, NOTES).await;
    schema().install(&database).await.unwrap();
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let kept = backup(&database, &file).await;
    execute(&database, "UPDATE notes SET text = 'lost'").await;
    let lost = tag(&database, row(1)).await;
    database.close().await;
    fs::write(&file, kept).unwrap();
    let database = opened(&file).await;
    execute(&database, "UPDATE notes SET text = 'new'").await;
    assert_ne!(tag(&database, row(1)).await, lost);
}
