//! gRPC through the stack (R-GRPC-a).

use axum::{Router, extract::Request, routing::post};
use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};
use tonic::{
    Code, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    service::Routes,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tower::service_fn;

use crate::support::{H2, Server, in_time, placements};

const ECHO: PathAndQuery = PathAndQuery::from_static("/raw.Echo/Echo");
const FAIL: PathAndQuery = PathAndQuery::from_static("/raw.Echo/Fail");

/// R-GRPC-a: unary and server streaming, with generated messages.
#[tokio::test]
async fn health_checks_and_watches_pass() {
    let (reporter, service) = tonic_health::server::health_reporter();
    for (placement, server) in placements(Routes::new(service).into_axum_router()).await {
        let mut client = HealthClient::new(connect(&server).await);
        let request = || HealthCheckRequest {
            service: placement.to_owned(),
        };
        let unknown = client.check(request()).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound, "{placement}");

        for status in [
            tonic_health::ServingStatus::Serving,
            tonic_health::ServingStatus::NotServing,
        ] {
            reporter.set_service_status(placement, status).await;
            let checked = client.check(request()).await.unwrap();
            assert_eq!(checked.metadata().get("etag"), None);
            assert_eq!(checked.into_inner().status, status as i32);
        }

        let mut watched = client.watch(request()).await.unwrap().into_inner();
        let mut next = async || in_time(watched.message()).await.unwrap().unwrap().status();
        assert_eq!(next().await, ServingStatus::NotServing);
        // Each change arrives while the stream is open.
        reporter
            .set_service_status(placement, tonic_health::ServingStatus::Serving)
            .await;
        assert_eq!(next().await, ServingStatus::Serving);
        reporter
            .set_service_status(placement, tonic_health::ServingStatus::Unknown)
            .await;
        assert_eq!(next().await, ServingStatus::Unknown);
    }
}

/// R-GRPC-a: with bidirectional streaming, each echo arrives before the next message is sent.
#[tokio::test]
async fn each_echo_arrives_before_the_next_message() {
    for (placement, server) in placements(echo_router()).await {
        let mut client = Grpc::new(connect(&server).await);
        client.ready().await.unwrap();
        let (messages, outgoing) = mpsc::unbounded_channel();
        let outgoing = UnboundedReceiverStream::new(outgoing);
        // The condition must be ignored, since gRPC has no representations.
        let mut request = tonic::Request::new(outgoing);
        request
            .metadata_mut()
            .insert("if-match", "\"stale\"".parse().unwrap());
        let response = in_time(client.streaming(request, ECHO, Raw)).await.unwrap();
        assert_eq!(response.metadata().get("etag"), None, "{placement}");
        let mut echoes = response.into_inner();
        for number in 0..10_u8 {
            let message = Bytes::from(vec![number; 1000 * usize::from(number)]);
            messages.send(message.clone()).unwrap();
            assert_eq!(in_time(echoes.message()).await.unwrap(), Some(message));
        }
        drop(messages);
        assert_eq!(in_time(echoes.message()).await.unwrap(), None);
        let trailers = echoes.trailers().await.unwrap().unwrap();
        assert_eq!(trailers.get("grpc-status").unwrap(), "0", "{placement}");
    }
}

/// R-GRPC-a: a status after messages is in the trailers, which arrive complete.
#[tokio::test]
async fn status_arrives_after_the_messages() {
    for (placement, server) in placements(echo_router()).await {
        let mut client = Grpc::new(connect(&server).await);
        client.ready().await.unwrap();
        let request = tonic::Request::new(tokio_stream::once(Bytes::from_static(b"last words")));
        let response = in_time(client.streaming(request, FAIL, Raw)).await.unwrap();
        let mut echoes = response.into_inner();
        let echo = in_time(echoes.message()).await.unwrap();
        assert_eq!(echo.as_deref(), Some(&b"last words"[..]));
        let status = in_time(echoes.message()).await.unwrap_err();
        assert_eq!(status.code(), Code::DataLoss, "{placement}");
        assert_eq!(status.message(), "the rest is silence");
    }
}

/// R-GRPC-a: a status without messages comes as headers and ends the stream (Trailers-Only).
#[tokio::test]
async fn trailers_only_stays_trailers_only() {
    for (placement, server) in placements(echo_router()).await {
        let mut h2 = H2::connect(&server).await;
        let fields = ["content-type: application/grpc", "te: trailers"];
        let reply = h2.request("POST", "/raw.Echo/Refuse", &fields).await;
        assert_eq!(reply.status, 200, "{placement}");
        assert_eq!(reply.field("grpc-status"), Some("7"));
        assert_eq!(reply.field("content-type"), Some("application/grpc"));
        assert_eq!(reply.field("etag"), None);
        assert_eq!((&reply.body[..], reply.trailers), (&b""[..], None));
    }
}

async fn connect(server: &Server) -> Channel {
    Endpoint::from_shared(format!("http://{}", server.address()))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

type Call = tonic::Request<Streaming<Bytes>>;

/// Returns a service over plain bytes, so that no code has to be generated.
fn echo_router() -> Router {
    async fn echo(request: Request) -> http::Response<tonic::body::Body> {
        let method = service_fn(|call: Call| async { Ok(tonic::Response::new(call.into_inner())) });
        tonic::server::Grpc::new(Raw)
            .streaming(method, request)
            .await
    }
    async fn fail(request: Request) -> http::Response<tonic::body::Body> {
        let method = service_fn(|call: Call| async {
            let end = tokio_stream::once(Err(Status::data_loss("the rest is silence")));
            Ok(tonic::Response::new(call.into_inner().chain(end)))
        });
        tonic::server::Grpc::new(Raw)
            .streaming(method, request)
            .await
    }
    async fn refuse() -> http::Response<tonic::body::Body> {
        Status::permission_denied("no").into_http()
    }
    Router::new()
        .route(ECHO.path(), post(echo))
        .route(FAIL.path(), post(fail))
        .route("/raw.Echo/Refuse", post(refuse))
}

/// A codec whose messages are bytes.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
