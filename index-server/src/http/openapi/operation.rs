//! One call in the document: what it takes, what it answers, with what it may be refused.

use protocol::problem::Slug;
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{
    Content, ContentBuilder, Paths, Ref, Required, Response, ResponseBuilder, SecurityRequirement,
};

use super::{Schemas, collect, parameter, refused};

/// A call under construction.
pub struct Operation {
    path: &'static str,
    method: HttpMethod,
    builder: OperationBuilder,
    slugs: Vec<Slug>,
    schemas: Schemas,
}

impl Operation {
    /// A call that reads. `id` names it for programs, `tag` the group it is listed in.
    pub fn get(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Get, tag, path, id, summary)
    }

    /// A call that something is sent to.
    pub fn post(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Post, tag, path, id, summary).refuses(&[Slug::ForbiddenOrigin])
    }

    /// A call that takes something away.
    pub fn delete(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Delete, tag, path, id, summary).refuses(&[Slug::ForbiddenOrigin])
    }

    fn new(method: HttpMethod, tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        let mut schemas = Schemas::new();
        let mut slugs = refused::ANYWHERE.to_vec();
        let mut builder = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(id))
            .summary(Some(summary));
        if let Some(parameter) = parameter::of_path(path, &mut schemas) {
            builder = builder.parameter(parameter);
            slugs.push(Slug::NotFound);
        }
        Self {
            path,
            method,
            builder,
            slugs,
            schemas,
        }
    }

    /// What the summary does not say.
    pub fn about(mut self, description: &str) -> Self {
        self.builder = self.builder.description(Some(description));
        self
    }

    /// A parameter.
    pub fn takes(mut self, parameter: Parameter) -> Self {
        self.builder = self.builder.parameter(parameter);
        self
    }

    /// The same, of a type whose schema is collected.
    pub fn takes_value<T: ToSchema>(mut self, name: &str, about: &str) -> Self {
        collect::<T>(&mut self.schemas);
        self.takes(parameter::value::<T>(name, about))
    }

    /// A body of JSON.
    pub fn reads<T: ToSchema>(mut self) -> Self {
        collect::<T>(&mut self.schemas);
        self.body("application/json", json_of::<T>()).refuses(&[
            Slug::InvalidJson,
            Slug::RequestTimeout,
            Slug::BodyTooLarge,
            Slug::UnsupportedMediaType,
            Slug::InvalidField,
        ])
    }

    /// A body of JSON, one `T` a line.
    pub fn reads_lines<T: ToSchema>(mut self) -> Self {
        collect::<T>(&mut self.schemas);
        let media_type = "application/x-ndjson";
        let lines = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .description(Some("One JSON object a line, each at most 64 KiB."))
            .content_media_type(media_type)
            .content_schema(Some(Ref::from_schema_name(T::name())));
        let content = ContentBuilder::new().schema(Some(lines)).build();
        self.body(media_type, content)
            .refuses(&[Slug::RequestTimeout, Slug::UnsupportedMediaType])
    }

    fn body(mut self, media_type: &str, content: Content) -> Self {
        let body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content(media_type, content);
        self.builder = self.builder.request_body(Some(body.build()));
        self
    }

    /// Acts for a peer, which X-Peer-ID names.
    pub fn acts(mut self) -> Self {
        self.builder = self.builder.securities(Some([
            SecurityRequirement::new("peer", NO_SCOPES).add("session", NO_SCOPES),
            SecurityRequirement::new("peer", NO_SCOPES),
        ]));
        self.changes().refuses(&[
            Slug::MissingPeerId,
            Slug::MissingToken,
            Slug::InvalidToken,
            Slug::WrongAddress,
            Slug::UnknownPeer,
        ])
    }

    /// The same, where the header may be left out because the call names the peer elsewhere.
    pub fn acts_by_name(self) -> Self {
        let mut named = self.acts();
        named.builder = named.builder.securities(Some([
            SecurityRequirement::new("peer", NO_SCOPES).add("session", NO_SCOPES),
            SecurityRequirement::new("session", NO_SCOPES),
            SecurityRequirement::new("peer", NO_SCOPES),
            SecurityRequirement::default(),
        ]));
        named.refuses(&[Slug::OwnerMismatch])
    }

    /// Goes through the journal.
    pub fn changes(self) -> Self {
        self.refuses(&[
            Slug::NotReady,
            Slug::Overloaded,
            Slug::JournalDamaged,
            Slug::ShuttingDown,
            Slug::DiskFull,
        ])
    }

    /// 200 with JSON.
    pub fn answers<T: ToSchema>(mut self, description: &str) -> Self {
        collect::<T>(&mut self.schemas);
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", json_of::<T>());
        self.response(200, response.build())
    }

    /// 200 with something that has no schema, in one of these types.
    pub fn answers_as(self, media_types: &[&str], schema: Type, description: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(schema));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(description);
        let response = media_types.iter().fold(response, |response, media_type| {
            response.content(*media_type, content.clone())
        });
        self.response(200, response.build())
    }

    /// 204.
    pub fn answers_nothing(self, description: &str) -> Self {
        self.response(204, Response::new(description))
    }

    /// 101.
    pub fn upgrades(self, description: &str) -> Self {
        self.response(101, Response::new(description))
            .refuses(&[Slug::UpgradeRequired, Slug::ForbiddenOrigin])
    }

    /// 302.
    pub fn redirects(self, description: &str) -> Self {
        let location = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::Custom("uri".to_owned())));
        let location = HeaderBuilder::new().schema(Some(location)).build();
        let response = ResponseBuilder::new()
            .description(description)
            .header("Location", location);
        self.response(302, response.build())
    }

    fn response(mut self, status: u16, response: Response) -> Self {
        self.builder = self.builder.response(status.to_string(), response);
        self
    }

    /// May be refused with these, beside what any call may.
    pub fn refuses(mut self, slugs: &[Slug]) -> Self {
        self.slugs.extend_from_slice(slugs);
        self
    }

    /// All that it may be refused with.
    #[cfg(test)]
    pub fn slugs(&self) -> &[Slug] {
        &self.slugs
    }

    /// The responses that [`Self::enter`] names.
    pub fn refusals(&self) -> Vec<(String, Response)> {
        let sets = refused::by_status(&self.slugs).into_iter();
        sets.map(|(status, name, slugs)| (name, refused::response(status, &slugs)))
            .collect()
    }

    /// Puts it into the document.
    pub fn enter(self, paths: &mut Paths, schemas: &mut Schemas) {
        let mut builder = self.builder;
        for (status, name, _) in refused::by_status(&self.slugs) {
            builder = builder.response(status.to_string(), Ref::from_response_name(name));
        }
        schemas.extend(self.schemas);
        paths.add_path_operation(self.path, vec![self.method], builder.build());
    }
}

const NO_SCOPES: [&str; 0] = [];

fn json_of<T: ToSchema>() -> Content {
    let schema = Ref::from_schema_name(T::name());
    ContentBuilder::new().schema(Some(schema)).build()
}
