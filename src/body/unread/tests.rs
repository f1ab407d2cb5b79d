//! Issue 11, A.8: tests of the content of refused requests.

use http::{HeaderMap, Request, header::CONTENT_LENGTH, header::EXPECT};

use super::*;
use crate::test_support::{Act, ScriptedBody, Silent, Upload, run, run_counting};

const CLOSE: Option<&str> = Some("close");

fn head(fields: &[(http::HeaderName, &str)]) -> Parts {
    let mut request = Request::put("/");
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn connection<R>(answer: &Response<R>) -> Option<&str> {
    let value = answer.headers().get(CONNECTION)?;
    Some(value.to_str().unwrap())
}

async fn refuse<B: Body + Send + 'static>(request: &Parts, content: B) -> Response<()> {
    let mut content = UnreadContent::new(request, content);
    content.refuse(Response::new(())).await
}

/// Content that has arrived is read, in any number of frames and with any end.
#[test]
fn short_content_is_read_to_its_end_before_the_answer() {
    let trailers = HeaderMap::new();
    let contents = [
        vec![],
        vec![Act::data("whole")],
        vec![
            Act::Wait,
            Act::data("after"),
            Act::Wait,
            Act::data("waiting"),
        ],
        vec![Act::data(""), Act::data("empty"), Act::data("")],
        vec![Act::data("with"), Act::Wait, Act::Trailers(trailers)],
        vec![Act::data([b'x'; 64 * 1024])],
    ];
    for content in contents {
        let told = ScriptedBody::sized(content.clone());
        let untold = ScriptedBody::unsized_(content.clone()).without_telling_end();
        for content in [told, untold] {
            let answer = run(refuse(&head(&[]), content));
            assert_eq!(connection(&answer), None);
        }
    }
}

/// A body that reports its end is not polled again.
#[test]
fn a_reported_end_is_not_waited_for() {
    #[derive(Default)]
    struct OneFrame {
        is_over: bool,
    }

    impl Body for OneFrame {
        type Data = bytes::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
            if std::mem::replace(&mut self.is_over, true) {
                return Poll::Pending;
            }
            let frame = http_body::Frame::data(bytes::Bytes::from_static(b"all"));
            Poll::Ready(Some(Ok(frame)))
        }

        fn is_end_stream(&self) -> bool {
            self.is_over
        }
    }

    let (answer, polls) = run_counting(refuse(&head(&[]), OneFrame::default()));
    assert_eq!((connection(&answer), polls), (None, 1));
}

/// A body that reports that it is empty is not polled.
#[test]
fn empty_content_is_not_polled() {
    let content = ScriptedBody::sized([]);
    let (answer, polls) = run_counting(refuse(&head(&[]), content));
    assert_eq!((connection(&answer), polls), (None, 1));
}

/// Bytes and frames are both limited.
#[test]
fn content_beyond_the_limit_closes_the_connection() {
    let long = vec![Act::data([b'x'; 64 * 1024]), Act::data("y")];
    let empty = vec![Act::data(""); 1025];
    for content in [long, empty] {
        let content = ScriptedBody::unsized_(content);
        let answer = run(refuse(&head(&[]), content));
        assert_eq!(connection(&answer), CLOSE);
    }
}

/// After an error, the rest of the connection cannot be read.
#[test]
fn content_that_breaks_closes_the_connection() {
    let content = ScriptedBody::sized([Act::data("bro"), Act::Wait, Act::Error]);
    let answer = run(refuse(&head(&[]), content));
    assert_eq!(connection(&answer), CLOSE);
}

/// Without a timer, only content that has arrived is read.
#[test]
fn content_that_does_not_arrive_closes_the_connection() {
    let (answer, polls) = run_counting(refuse(&head(&[]), Silent::Announced));
    assert_eq!((connection(&answer), polls), (CLOSE, 2));
}

/// RFC 9113, section 8.2.2: only HTTP/1 has `Connection`.
#[test]
fn only_http_1_gets_connection_close() {
    for (version, expected) in [
        (Version::HTTP_10, CLOSE),
        (Version::HTTP_11, CLOSE),
        (Version::HTTP_2, None),
        (Version::HTTP_3, None),
    ] {
        let mut request = head(&[]);
        request.version = version;
        assert_eq!(
            connection(&run(refuse(&request, Silent::Announced))),
            expected
        );
    }
}

/// Reading would send the 100 (RFC 9110, section 10.1.1).
#[test]
fn content_that_waits_for_a_100_is_not_read() {
    for value in ["100-continue", "100-Continue"] {
        let answer = run(refuse(&head(&[(EXPECT, value)]), Upload::OfTheClient));
        assert_eq!(connection(&answer), CLOSE);
    }
}

/// Either the head or the body announces the length.
#[test]
fn long_content_does_not_delay_the_response() {
    let announced = [(CONTENT_LENGTH, "65537")];
    let long = ScriptedBody::sized([Act::data([b'x'; 64 * 1024 + 1])]);
    let waits = ScriptedBody::sized([Act::Wait, Act::data([b'x'; 64 * 1024 + 1])]);
    let unsized_long = ScriptedBody::unsized_([Act::Wait]);
    for (fields, content) in [(&announced[..], unsized_long), (&[], long), (&[], waits)] {
        let (answer, polls) = run_counting(refuse(&head(fields), content));
        assert_eq!((connection(&answer), polls), (CLOSE, 1));
    }
}

/// If the service took the content, the layer does not read it.
#[test]
fn content_that_the_service_took_is_not_read() {
    let mut content = UnreadContent::new(&head(&[]), Silent::Announced);
    assert!(content.is_unread());
    let _ = content.take();
    assert!(!content.is_unread());
}

/// Tests with a timer, which waits for content.
#[cfg(feature = "tokio")]
mod timed {
    use std::{convert::Infallible, future::pending};

    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tokio::{sync::oneshot, time::Instant};

    use super::*;
    use crate::test_support::pass;

    /// Returns a body that sends `pieces`, each after a pause. It ends if `ends`, and hangs
    /// otherwise. The receiver reports when it is dropped.
    fn dripping(
        pieces: Vec<usize>,
        pause: Duration,
        ends: bool,
    ) -> (
        impl Body<Data = Bytes> + Send + 'static,
        oneshot::Receiver<()>,
    ) {
        let (witness, dropped) = oneshot::channel::<()>();
        let drip = stream::iter(pieces).then(move |bytes| async move {
            pass(pause).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; bytes])))
        });
        let end = stream::once(async move {
            if !ends {
                pending::<()>().await;
            }
            drop(witness);
            Ok(Frame::data(Bytes::new()))
        });
        (StreamBody::new(drip.chain(end)), dropped)
    }

    /// Returns the times of the response and of the dropped content, in milliseconds, and the
    /// `Connection` of the response.
    async fn times(
        request: &Parts,
        (content, dropped): (
            impl Body<Data = Bytes> + Send + 'static,
            oneshot::Receiver<()>,
        ),
    ) -> (u128, u128, Option<String>) {
        let start = Instant::now();
        let answer = refuse(request, content).await;
        let answered = start.elapsed().as_millis();
        dropped.await.unwrap_err();
        let let_go = start.elapsed().as_millis();
        (answered, let_go, connection(&answer).map(str::to_owned))
    }

    const TENTH: Duration = Duration::from_millis(100);

    /// Reading would send the 100, also after the response (RFC 9110, section 10.1.1).
    #[tokio::test(start_paused = true)]
    async fn content_that_waits_for_a_100_is_dropped() {
        let request = head(&[(EXPECT, "100-continue")]);
        let (content, dropped) = dripping(vec![10], TENTH, true);
        let (answered, let_go, connection) = times(&request, (content, dropped)).await;
        assert_eq!((answered, let_go), (0, 0));
        assert_eq!(connection.as_deref(), CLOSE);
    }

    /// Content that turns out to be long is read after the response.
    #[tokio::test(start_paused = true)]
    async fn growing_content_is_read_after_the_response() {
        let grows = dripping(vec![50_000; 5], TENTH, true);
        let (answered, let_go, connection) = times(&head(&[]), grows).await;
        assert_eq!((answered, let_go), (200, 500));
        assert_eq!(connection.as_deref(), CLOSE);
    }

    /// Some bodies must not be polled after an error.
    #[tokio::test(start_paused = true)]
    async fn content_that_broke_is_dropped() {
        let (witness, dropped) = oneshot::channel::<()>();
        let breaks = stream::iter([Err::<Frame<Bytes>, _>("broken")]).chain(stream::once(async {
            pending::<()>().await;
            drop(witness);
            Ok(Frame::data(Bytes::new()))
        }));
        let start = Instant::now();
        let answer = refuse(&head(&[]), StreamBody::new(breaks)).await;
        assert_eq!(connection(&answer), CLOSE);
        dropped.await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn short_content_is_waited_for() {
        let in_time = dripping(vec![10; 5], TENTH, true);
        assert_eq!(times(&head(&[]), in_time).await, (500, 500, None));
    }

    /// The response waits 250 ms for each frame, and one second in total.
    #[tokio::test(start_paused = true)]
    async fn the_response_waits_for_a_limited_time() {
        let close = CLOSE.map(str::to_owned);
        let silent = dripping(vec![], TENTH, false);
        let (answered, let_go, connection) = times(&head(&[]), silent).await;
        assert_eq!((answered, let_go), (250, 1250));
        assert_eq!(connection, close);

        let hundreds = dripping(vec![1; 1000], TENTH, false);
        let (answered, let_go, connection) = times(&head(&[]), hundreds).await;
        assert_eq!((answered, let_go), (1000, 11_000));
        assert_eq!(connection, close);
    }

    /// Content may have another length than the head says.
    #[tokio::test(start_paused = true)]
    async fn late_content_is_read_after_the_response() {
        let lie = head(&[(CONTENT_LENGTH, "5")]);
        let slow = dripping(vec![100_000; 3], Duration::from_millis(400), true);
        let (answered, let_go, connection) = times(&lie, slow).await;
        assert_eq!((answered, let_go), (250, 1200));
        assert_eq!(connection.as_deref(), CLOSE);
    }

    #[tokio::test(start_paused = true)]
    async fn long_content_is_read_after_the_response() {
        let long = head(&[(CONTENT_LENGTH, "1000000")]);
        let content = dripping(vec![100_000; 10], TENTH, true);
        let (answered, let_go, connection) = times(&long, content).await;
        assert_eq!((answered, let_go), (0, 1000));
        assert_eq!(connection.as_deref(), CLOSE);
    }

    /// After 2 MiB, the rest is not read.
    #[tokio::test(start_paused = true)]
    async fn reading_after_the_response_is_limited() {
        let endless = head(&[(CONTENT_LENGTH, "1073741824")]);
        let content = dripping(vec![1024 * 1024; 1000], TENTH, true);
        let (answered, let_go, _) = times(&endless, content).await;
        assert_eq!((answered, let_go), (0, 300));
    }
}
