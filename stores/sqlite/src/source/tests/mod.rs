mod failures;
mod queries;
mod versions;

use http::{Request, request::Parts};
use tower_conditional::{Current, ValidatorSource, VersionTags};

use super::{QuerySource, VersionSource};
use crate::{
    Database, Scope,
    test_support::{notes, request_for, scope_of, tag_text, version},
};

fn request() -> Parts {
    Request::new(()).into_parts().0
}

async fn query(database: &Database, sql: &'static str) -> Result<Current, crate::Error> {
    let source = QuerySource::new(database.clone(), sql, |_: &Parts| {
        Some((Scope::row("notes", 1), Vec::new()))
    });
    source.current(&request()).await
}

#[tokio::test]
async fn no_scope_and_no_parameters_are_unknown() {
    let database = notes().await;
    let source = VersionSource::new(database.clone(), |_: &Parts| None);
    assert!(matches!(
        source.current(&request()).await,
        Ok(Current::Unknown)
    ));
    let source = QuerySource::new(database, "nonsense", |_: &Parts| None);
    assert!(matches!(
        source.current(&request()).await,
        Ok(Current::Unknown)
    ));
}

#[tokio::test]
async fn tags_may_be_keyed() {
    let database = notes().await;
    let tags = VersionTags::keyed([7; 16]).unwrap();
    let source = VersionSource::new(database.clone(), scope_of).tags(tags.clone());
    let keyed = source
        .current(&request_for(Scope::table("notes")))
        .await
        .unwrap();
    let version = version(&database, Scope::table("notes")).await;
    let expected = tags.scope(Scope::table("notes")).number(version);
    assert_eq!(*expected.as_header_value(), tag_text(&keyed).unwrap());

    let source = QuerySource::new(database, "SELECT 42", |_: &Parts| {
        Some((Scope::table("notes"), Vec::new()))
    });
    let keyed = source.tags(tags.clone()).current(&request()).await.unwrap();
    let expected = tags.scope(Scope::table("notes")).number(42);
    assert_eq!(*expected.as_header_value(), tag_text(&keyed).unwrap());
}
