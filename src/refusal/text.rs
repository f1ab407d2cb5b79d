use http::StatusCode;

use super::Reason;
use crate::semantics::condition::Condition;

/// The constant members of a problem (RFC 9457, section 3.1).
pub(super) struct ProblemText {
    pub(super) status: StatusCode,
    pub(super) type_uri: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
    /// All members as JSON, without the closing brace.
    pub(super) json: &'static str,
}

/// Creates a [`ProblemText`]. No text needs escapes in JSON, which a test checks.
macro_rules! text {
    ($name:ident $status:literal $title:literal, $($type_uri:literal)+, $detail:literal) => {
        &$crate::refusal::text::ProblemText {
            status: http::StatusCode::$name,
            type_uri: concat!($($type_uri),+),
            title: $title,
            detail: $detail,
            json: concat!(
                "{\"type\":\"",
                $($type_uri,)+
                "\",\"title\":\"",
                $title,
                "\",\"status\":",
                $status,
                ",\"detail\":\"",
                $detail,
                "\""
            ),
        }
    };
}

pub(super) use text;

macro_rules! precondition_failed {
    ($detail:literal) => {
        text!(
            PRECONDITION_FAILED 412 "Precondition Failed",
            "https://www.rfc-editor.org/rfc/rfc9110.html#name-412-precondition-failed",
            $detail
        )
    };
}

macro_rules! precondition_required {
    ($detail:literal) => {
        text!(
            PRECONDITION_REQUIRED 428 "Precondition Required",
            "https://www.rfc-editor.org/rfc/rfc6585.html#section-3",
            $detail
        )
    };
}

macro_rules! unavailable {
    ($detail:literal) => {
        text!(
            SERVICE_UNAVAILABLE 503 "Service Unavailable",
            "https://www.rfc-editor.org/rfc/rfc9110.html#name-503-service-unavailable",
            $detail
        )
    };
}

macro_rules! internal_error {
    ($detail:literal) => {
        text!(
            INTERNAL_SERVER_ERROR 500 "Internal Server Error",
            "https://www.rfc-editor.org/rfc/rfc9110.html#name-500-internal-server-error",
            $detail
        )
    };
}

macro_rules! digest_refused {
    ($title:literal, $fragment:literal, $detail:literal) => {
        text!(
            BAD_REQUEST 400 $title,
            "https://docs.rs/tower-conditional/latest/tower_conditional/digest/#" $fragment,
            $detail
        )
    };
}

impl Reason {
    pub(super) fn text(self) -> &'static ProblemText {
        match self {
            Self::PreconditionFailed(Condition::IfMatch) => {
                precondition_failed!("If-Match names no entity tag of the current representation.")
            }
            Self::PreconditionFailed(Condition::IfNoneMatch) => {
                precondition_failed!("If-None-Match names the current representation.")
            }
            Self::PreconditionFailed(Condition::IfUnmodifiedSince) => precondition_failed!(
                "The representation has changed since the date in If-Unmodified-Since."
            ),
            Self::PreconditionMalformed(Condition::IfMatch) => precondition_failed!(
                "If-Match is malformed. Send the ETag that a GET gave, double quotes included, or *."
            ),
            Self::PreconditionMalformed(Condition::IfNoneMatch) => precondition_failed!(
                "If-None-Match is malformed. Send * to create what does not exist yet, or an ETag with its double quotes."
            ),
            Self::PreconditionMalformed(Condition::IfUnmodifiedSince) => precondition_failed!(
                "If-Unmodified-Since is malformed. Send the Last-Modified that a GET gave."
            ),
            Self::Superseded => precondition_failed!(
                "Another write came first: the current state is not the one that was expected."
            ),
            Self::Unknown => precondition_failed!(
                "The current state of this target is unknown, so conditions cannot be checked. Nothing was changed."
            ),
            Self::Conflict => text!(
                CONFLICT 409 "Conflict",
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-409-conflict",
                "Another write came first. Read the current state and try again."
            ),
            Self::RangeNotSatisfiable => text!(
                RANGE_NOT_SATISFIABLE 416 "Range Not Satisfiable",
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-416-range-not-satisfiable",
                "The representation has none of the requested bytes. Content-Range has its length."
            ),
            Self::PartialPut => text!(
                BAD_REQUEST 400 "Bad Request",
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-partial-put",
                "A PUT with Content-Range would write a part, and this resource is written as a whole. Nothing was changed."
            ),
            Self::PreconditionRequired => precondition_required!(
                "Send If-Match with the ETag that a GET gave, or If-None-Match: * to create what does not exist yet."
            ),
            Self::Absent => text!(
                NOT_FOUND 404 "Not Found",
                "https://www.rfc-editor.org/rfc/rfc9110.html#name-404-not-found",
                "The resource to change does not exist."
            ),
            Self::SourceUnavailable => {
                unavailable!("The current state is temporarily unavailable. Nothing was changed.")
            }
            Self::Busy => {
                unavailable!("Too many writes of this resource are under way. Nothing was changed.")
            }
            Self::Unchecked => internal_error!(
                "The handler changed the state without checking what the request expects."
            ),
            Self::TimedOut => internal_error!(
                "The write did not end in time and was given up. It may or may not have taken effect."
            ),
            Self::DigestDiffers => digest_refused!(
                "Digest Differs",
                "differs",
                "The content is not the one of Content-Digest or Repr-Digest. Nothing was performed. Send it again."
            ),
            Self::DigestMalformed => digest_refused!(
                "Digest Malformed",
                "malformed",
                "Content-Digest and Repr-Digest are dictionaries of digests in Base64 between colons, such as sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
            ),
            Self::DigestRequired => digest_refused!(
                "Digest Required",
                "required",
                "Send Content-Digest with the SHA-256 of the content."
            ),
            Self::Key(problem) => problem.text(),
        }
    }

    /// Returns the text for a request that cannot create its target, if it differs.
    pub(super) fn text_without_creation(self) -> Option<&'static ProblemText> {
        Some(match self {
            Self::PreconditionRequired => {
                precondition_required!("Send If-Match with the ETag that a GET gave.")
            }
            Self::PreconditionMalformed(Condition::IfNoneMatch) => precondition_failed!(
                "If-None-Match is malformed. Send an ETag with its double quotes, or If-Match."
            ),
            _ => return None,
        })
    }
}
