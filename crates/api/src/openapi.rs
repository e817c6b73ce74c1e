//! What is served at `/api/openapi.json`: an OpenAPI 3.1 document of every method. Its table is kept by
//! hand beside the router's, and a test compares the two.

use crate::error::ErrorNumber;
use crate::router::METHODS;
use serde_json::{Map, Value, json};

/// The last part of the path that it is served under.
pub(crate) const NAME: &str = "openapi.json";

/// A method as the document describes it.
struct Described {
    name: &'static str,
    summary: &'static str,
    /// What is asked, besides the credentials.
    asks: &'static [Field],
    /// What is answered, besides the envelope.
    answers: &'static [Field],
}

/// A field: name, type, meaning.
struct Field(&'static str, Type, &'static str);

/// The type of a field; those of requests are marked if they must be there.
#[derive(Clone, Copy)]
enum Type {
    Must(&'static Type),
    Text,
    Number,
    Flag,
    Texts,
    /// An object with any fields.
    Object,
    /// An object with these.
    Of(&'static [Field]),
    /// A list of such objects.
    Objects(&'static [Field]),
}

use Type::{Flag, Must, Number, Object, Objects, Of, Text, Texts};

const USER: Field = Field("user", Must(&Text), "The address of the account; no alias.");
const DOMAIN: Field = Field("domain", Must(&Text), "The name of the domain; no alias.");
const ATTRIBUTES: Field = Field("attributes", Must(&Object), "Attributes to set, by name.");
const CREATE_ONLY: Field = Field("create_only", Flag, "Fail with error 7 if it exists.");
const RANGE: Field = Field(
    "range",
    Of(&[
        Field("first", Number, "How many to skip."),
        Field("limit", Number, "How many to answer at most."),
    ]),
    "Which part of the list.",
);
const COUNT: Field = Field("count", Number, "How many are answered.");
const TOTAL: Field = Field("total_count", Number, "How many there are.");

const SESSION: &[Field] = &[
    Field("id", Text, "The session's name: node, start of the node, number."),
    Field("user", Text, "The address of the account."),
    Field("protocol", Text, "`imap` or `pop3`."),
    Field("peer", Text, "The client's address and port."),
    Field("tls", Flag, "Whether the connection is inside TLS."),
    Field("login", Text, "The name as the client wrote it."),
    Field("client", Text, "What the client said of itself (IMAP ID), or null."),
    Field("since", Number, "Logged in since, in seconds since 1970."),
    Field("idle", Number, "For how many seconds nothing was heard."),
    Field("folder", Text, "The folder that is open, or null."),
    Field("node", Text, "Where it is connected."),
    Field("credential", Text, "`password`, `app_password`, `token` or `on_behalf`."),
    Field("app_password", Text, "The id of the app password it was made with, or null."),
    Field("on_behalf", Text, "The administrator who logged in on the user's behalf, or null."),
    Field("ending", Text, "Why it has been told to end, or null."),
];

const COUNTS: &[Field] = &[
    Field("node", Text, "Which node."),
    Field("found", Number, "How many sessions were meant there."),
    Field("closed", Number, "How many of them are over."),
    Field("refused", Number, "How many of them are still open."),
];

/// The rows, in the router's order.
const DESCRIBED: &[Described] = &[
    Described {
        name: "echo",
        summary: "Answers what was sent, without the envelope",
        asks: &[],
        answers: &[],
    },
    Described {
        name: "app_password",
        summary: "Makes a password for mail that one device has, or removes one and ends the sessions \
                  made with it",
        asks: &[
            USER,
            Field("mode", Must(&Text), "`add` or `remove`."),
            Field("tag", Text, "Its name; made up if it is not given with `add`."),
        ],
        answers: &[Field("password", Text, "With `add`: its text, which is not told again.")],
    },
    Described {
        name: "authenticate",
        summary: "Checks the caller's credentials; makes a token on request",
        asks: &[
            Field("generate_session_token", Flag, "Make a token for the API."),
            Field("session_token_duration", Number, "How long it is good, in seconds, to 86400."),
            Field("token", Text, "The token's text, if it is not to be made up."),
            Field("fetch_extra_info", Flag, "Tell facts about the caller."),
        ],
        answers: &[
            Field("session_token", Text, "The token."),
            Field("session_token_duration", Number, "How long it is good, in seconds."),
            Field("extra_info", Object, "Facts about the caller, his roles among them."),
        ],
    },
    Described {
        name: "change_domain",
        summary: "Makes a domain or changes one; disabling it ends the sessions of all its users",
        asks: &[DOMAIN, Field("attributes", Object, "Attributes to set, by name."), CREATE_ONLY],
        answers: &[],
    },
    Described {
        name: "get_domain",
        summary: "Settings and facts of a domain",
        asks: &[DOMAIN],
        answers: &[
            Field("attributes", Object, "Its attributes."),
            Field("settable_attributes", Texts, "Those that the caller may set."),
            Field("metadata", Object, "Facts about it."),
        ],
    },
    Described {
        name: "change_user",
        summary: "Makes a user or changes one; a new password ends all sessions, a service switched \
                  off those of its protocol",
        asks: &[USER, ATTRIBUTES, CREATE_ONLY],
        answers: &[],
    },
    Described {
        name: "delete_user",
        summary: "Deletes a user, so that it can be restored, and ends all of its sessions",
        asks: &[USER],
        answers: &[],
    },
    Described {
        name: "generate_token",
        summary: "Makes a token that stands in for a user's password",
        asks: &[
            USER,
            Field("reason", Must(&Text), "What it is for; goes into the user's history."),
            Field("type", Text, "`session` (usual), `sso` (good for one use) or `oma` (API only)."),
            Field("duration", Number, "How long it is good, in hours: 24, or 1 to 744."),
            Field("oma", Flag, "Good for the API as well; for company administrators to say."),
            Field("token", Text, "Its text, if it is not to be made up."),
        ],
        answers: &[
            Field("duration", Number, "How long it is good, in hours."),
            Field("token", Text, "The token."),
        ],
    },
    Described {
        name: "get_user",
        summary: "Settings and facts of a user",
        asks: &[USER],
        answers: &[
            Field("type", Text, "`mailbox`, `forward` or `filter`."),
            Field("attributes", Object, "Its attributes; no passwords."),
            Field("settable_attributes", Texts, "Those that the caller may set."),
            Field("metadata", Object, "Facts about it."),
        ],
    },
    Described {
        name: "get_user_sessions",
        summary: "The live sessions of a user, or of all users of a domain (an addition of ours)",
        asks: &[
            Field("user", Text, "The address of the account; no alias."),
            Field("domain", Text, "A domain, in place of a user."),
            RANGE,
        ],
        answers: &[COUNT, TOTAL, Field("sessions", Objects(SESSION), "Oldest first.")],
    },
    Described {
        name: "end_sessions",
        summary: "Ends chosen sessions; the logins stay good (an addition of ours)",
        asks: &[
            Field("ids", Texts, "Sessions by their ids, at most 1000."),
            Field("user", Text, "In place of ids: the address of the account; no alias."),
            Field(
                "filter",
                Of(&[
                    Field("protocol", Text, "`imap` or `pop3`."),
                    Field("network", Text, "An address, or a network as `192.0.2.0/24`."),
                    Field("credential", Text, "What they were logged in with."),
                    Field("app_password", Text, "The id of an app password."),
                ]),
                "With a user: which of its sessions; at least one condition, all must hold.",
            ),
        ],
        answers: &[
            Field("found", Number, "How many sessions were meant."),
            Field("closed", Number, "How many of them are over."),
            Field("refused", Number, "How many of them are still open: the answer is error 0."),
            Field("nodes", Objects(COUNTS), "The same for each node."),
            Field("unknown", Texts, "Ids of sessions that are not, or not in reach."),
        ],
    },
    Described {
        name: "logout_user",
        summary: "Ends all IMAP and POP3 sessions of a user; success means that they are over",
        asks: &[USER],
        answers: &[],
    },
    Described {
        name: "rename_user",
        summary: "Gives a user another address, and ends all of its sessions",
        asks: &[USER, Field("new_name", Must(&Text), "The new address, or its part before the @.")],
        answers: &[],
    },
    Described {
        name: "restore_user",
        summary: "Brings a deleted user back",
        asks: &[
            Field("user", Must(&Text), "The address that it had."),
            Field("id", Must(&Text), "Its id, as `search_users` tells it."),
            Field("new_name", Must(&Text), "The address that it gets."),
        ],
        answers: &[],
    },
    Described {
        name: "search_users",
        summary: "The users of a domain and their aliases",
        asks: &[
            Field(
                "criteria",
                Must(&Of(&[
                    DOMAIN,
                    Field("deleted", Flag, "Only deleted users."),
                    Field("match", Text, "A pattern with `*` and `?`."),
                    Field("status", Texts, "Of these statuses."),
                    Field("type", Texts, "Of these types."),
                    Field("workgroup", Text, "In this workgroup."),
                ])),
                "Which users.",
            ),
            Field("fields", Texts, "What to tell besides name, type, workgroup and status."),
            RANGE,
            Field(
                "sort",
                Of(&[
                    Field("by", Text, "By which field."),
                    Field("direction", Text, "`ascending` or `descending`."),
                ]),
                "In which order.",
            ),
        ],
        answers: &[COUNT, TOTAL, Field("users", Objects(&[]), "Users and aliases.")],
    },
    Described {
        name: "set_role",
        summary: "Gives a user a role over an object, or takes it",
        asks: &[
            USER,
            Field("role", Text, "The role's name; null takes it."),
            Field("object", Text, "A company, a domain, or a workgroup as `domain/workgroup`."),
        ],
        answers: &[],
    },
];

/// The document.
pub(crate) fn document() -> Value {
    let paths: Map<String, Value> = METHODS
        .iter()
        .filter_map(|method| DESCRIBED.iter().find(|it| it.name == method.name))
        .map(|it| (format!("/api/{}", it.name), json!({ "post": operation(it) })))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Posthouse administration API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "OpenSRS's mail API, with additions. Errors come with status 200 too: look \
                            at `success`.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas() },
    })
}

fn operation(method: &Described) -> Value {
    let request = if method.name == "echo" {
        object(method.asks)
    } else {
        all_of("#/components/schemas/Authenticated", method.asks)
    };
    let answer = all_of("#/components/schemas/Success", method.answers);
    let failure = json!({ "$ref": "#/components/schemas/Failure" });
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    json!({
        "operationId": method.name,
        "summary": method.summary,
        "requestBody": { "required": true, "content": content(request) },
        "responses": {
            "200": {
                "description": "Done, or an error of the API",
                "content": content(json!({ "oneOf": [answer, failure] })),
            },
            "400": { "description": "The body is not JSON" },
            "500": { "description": "Something broke; the log explains it under `audit`" },
        },
    })
}

fn all_of(base: &str, fields: &[Field]) -> Value {
    let base = json!({ "$ref": base });
    if fields.is_empty() { base } else { json!({ "allOf": [base, object(fields)] }) }
}

fn object(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for Field(name, kind, meaning) in fields {
        let mut schema = schema(*kind);
        schema["description"] = json!(meaning);
        properties.insert((*name).to_owned(), schema);
        if matches!(kind, Must(_)) {
            required.push(*name);
        }
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn schema(kind: Type) -> Value {
    match kind {
        Must(kind) => schema(*kind),
        Text => json!({ "type": ["string", "null"] }),
        Number => json!({ "type": "integer", "minimum": 0 }),
        Flag => json!({ "type": "boolean" }),
        Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Object => json!({ "type": "object" }),
        Of(fields) => object(fields),
        Objects(fields) => json!({ "type": "array", "items": object(fields) }),
    }
}

fn schemas() -> Value {
    let numbers: Vec<u8> = ErrorNumber::ALL.iter().map(|number| *number as u8).collect();
    let meanings: Vec<String> =
        ErrorNumber::ALL.iter().map(|number| format!("{number}: {}", number.text())).collect();
    json!({
        "Authenticated": {
            "type": "object",
            "required": ["credentials"],
            "properties": {
                "credentials": {
                    "type": "object",
                    "required": ["user"],
                    "properties": {
                        "user": { "type": "string", "description": "The caller's address." },
                        "password": { "type": "string" },
                        "token": { "type": "string", "description": "In place of the password." },
                    },
                },
            },
        },
        "Success": {
            "type": "object",
            "required": ["success", "audit"],
            "properties": {
                "success": { "const": true },
                "audit": { "type": "string", "description": "The request's name in the log." },
            },
        },
        "Failure": {
            "type": "object",
            "required": ["success", "error_number", "error", "audit"],
            "properties": {
                "success": { "const": false },
                "hints": {
                    "type": "object",
                    "description": "What exactly is wrong, by the name of attribute or field.",
                    "additionalProperties": { "type": "string" },
                },
                "error_number": { "enum": numbers, "description": meanings.join("; ") },
                "error": { "type": "string" },
                "audit": { "type": "string", "description": "The request's name in the log." },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_described_and_nothing_else() {
        let described: Vec<_> = DESCRIBED.iter().map(|it| it.name).collect();
        let served: Vec<_> = METHODS.iter().map(|it| it.name).collect();
        assert_eq!(described, served);
    }

    #[test]
    fn the_document_refers_to_what_it_holds() {
        let document = document();
        fn check(document: &Value, value: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(target)) = map.get("$ref") {
                        let pointer = target.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{target}");
                    }
                    map.values().for_each(|value| check(document, value));
                }
                Value::Array(list) => list.iter().for_each(|value| check(document, value)),
                _ => {}
            }
        }
        check(&document, &document);
        let logout = &document["paths"]["/api/logout_user"]["post"];
        assert_eq!(logout["operationId"], "logout_user");
        let asked = &logout["requestBody"]["content"]["application/json"]["schema"]["allOf"][1];
        assert_eq!(asked["required"], json!(["user"]));
    }
}
