//! What every call of the API has in common, said once for all of them.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder};
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
    ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::web::idempotency;
use crate::web::problem::{Problem, ProblemField};
use crate::web::session::COOKIE;

const ABOUT: &str = "Everything that the pages do. Errors are `application/problem+json` \
    (RFC 9457). Times are RFC 3339. Unknown fields are errors. Lists go on with \
    `?after=` the `next` of the page before. A POST that carries an `Idempotency-Key` is done \
    once: its repeat gets the first answer.";

/// Title, address and ways to sign in.
pub fn beginning() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Slipway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .build();
    let server = ServerBuilder::new().url("/api/v1").build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([server]))
        .build()
}

/// Adds what holds for every call: who may, how an error looks, how a repeat is recognised.
pub fn finish(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a person or of a project's program."))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    let session = ApiKey::Cookie(ApiKeyValue::with_description(
        COOKIE,
        "The session of a person who is signed in with a browser.",
    ));
    components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    for (name, schema) in [
        (Problem::name(), Problem::schema()),
        (ProblemField::name(), ProblemField::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    document.security = Some(
        ["token", "session"]
            .map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()))
            .to_vec(),
    );
    for path in document.paths.paths.values_mut() {
        let reads = [
            &mut path.get,
            &mut path.put,
            &mut path.delete,
            &mut path.patch,
        ];
        reads.into_iter().flatten().for_each(with_errors);
        if let Some(post) = &mut path.post {
            with_errors(post);
            let parameters = post.parameters.get_or_insert_default();
            parameters.push(RefOr::T(repeat_key()));
        }
    }
}

/// Whatever is no success is a [`Problem`].
fn with_errors(operation: &mut Operation) {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Problem::name())))
        .build();
    let response = ResponseBuilder::new()
        .description("What is wrong, and what to do about it")
        .content("application/problem+json", content)
        .build();
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), RefOr::T(response));
}

fn repeat_key() -> Parameter {
    let longest = idempotency::MAX_KEY;
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes the call happen once, however often it is sent.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .min_length(Some(1))
                .max_length(Some(longest)),
        ))
        .build()
}
