//! Clients that must not get each other's validators.

use http::request::Parts;

use super::{Site, TestService, content, request, send};

/// The user in a header, as an authentication would find it.
fn user(request: &Parts) -> Option<String> {
    let user = request.headers.get("x-user")?;
    Some(user.to_str().ok()?.to_owned())
}

async fn status(service: &TestService, fields: &[(&str, &str)]) -> u16 {
    let fields = [fields, &[("if-none-match", "\"v1\"")]].concat();
    send(service, request("GET", "/a", &fields))
        .await
        .status()
        .as_u16()
}

/// R-9111-3.5-b: without a principal, requests with credentials are neither answered nor
/// remembered.
#[tokio::test]
async fn credentials_pass_by_without_a_principal() {
    let site = Site::new();
    for layer in [site.layer(), site.layer().principal(user)] {
        let service = site.service(&layer);
        site.fill(&service, "/a").await;
        for credentials in [
            ("authorization", "Basic YTpi"),
            ("authorization", ""),
            ("cookie", "session=1"),
            ("proxy-authorization", "Basic YTpi"),
        ] {
            site.store.steps();
            assert_eq!(
                status(&service, &[credentials]).await,
                200,
                "{credentials:?}"
            );
            let as_nobody = [credentials, ("x-user", "")];
            assert_eq!(status(&service, &as_nobody).await, 200, "{credentials:?}");
            assert_eq!(site.store.steps().len(), 0, "{credentials:?}");
        }
        send(&service, request("PUT", "/a", &[])).await;
        site.version.store(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// R-9111-3.5-b: the entry of one user answers that user alone.
#[tokio::test]
async fn the_entry_of_a_user_is_its_own() {
    let site = Site::new();
    let service = site.serve(&site.layer().principal(user), |site, parts| match () {
        _ if parts.method == "PUT" => site.respond(parts),
        _ => {
            let page = site.page().header("cache-control", "private");
            page.body(content("hello")).unwrap()
        }
    });
    let alice = [("x-user", "alice"), ("cookie", "session=1")];
    let bob = [("x-user", "bob"), ("authorization", "Basic YTpi")];
    assert_eq!(status(&service, &alice).await, 200);
    assert_eq!(status(&service, &alice).await, 304);
    assert_eq!(status(&service, &bob).await, 200);
    assert_eq!(status(&service, &bob).await, 304);
    // The principal counts, and not how it was proven.
    assert_eq!(status(&service, &[("x-user", "alice")]).await, 304);
    // Without a user, a `private` response is not remembered.
    for nobody in [&[][..], &[("x-user", "")]] {
        assert_eq!(status(&service, nobody).await, 200);
        assert_eq!(status(&service, nobody).await, 200);
    }
    // A write touches the entries of all users.
    send(&service, request("PUT", "/a", &[("x-user", "bob")])).await;
    assert_eq!(status(&service, &alice).await, 200);
    assert_eq!(status(&service, &bob).await, 200);
}

/// The version of the permissions is a part of the name.
#[tokio::test]
async fn changed_permissions_are_another_principal() {
    let site = Site::new();
    let service = site.service(&site.layer().principal(user));
    assert_eq!(status(&service, &[("x-user", "alice/1")]).await, 200);
    assert_eq!(status(&service, &[("x-user", "alice/1")]).await, 304);
    assert_eq!(status(&service, &[("x-user", "alice/2")]).await, 200);
}
