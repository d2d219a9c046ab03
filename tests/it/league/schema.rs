//! The schema as its introspection shows it: which types there are, which fields lead from one to
//! another, and queries that ask for everything below a field.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde_json::Value;

use crate::support::{TestApp, json::items};

const QUERY: &str = "{ __schema { types { name kind possibleTypes { name } fields { name args { name defaultValue type { kind } } type { ...Named } } } } } \
     fragment Named on __Type { name ofType { name ofType { name ofType { name ofType { name ofType { name } } } } } }";

/// The roots that lead into the schema.
pub const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// A field of a type.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// The type that it leads to, lists and nullability aside.
    pub to: String,
    pub arguments: Vec<String>,
    /// Whether it can be asked for without arguments.
    pub plain: bool,
}

/// Objects and interfaces with their fields; interfaces with the types that they stand for.
#[derive(Debug)]
pub struct Schema {
    fields: BTreeMap<String, Vec<Field>>,
    possible: BTreeMap<String, Vec<String>>,
}

impl Schema {
    pub async fn of(app: &TestApp) -> Self {
        let data = app.data(QUERY).await;
        let (mut fields, mut possible) = (BTreeMap::new(), BTreeMap::new());
        for found in items(&data["__schema"]["types"]) {
            let name = found["name"].as_str().unwrap();
            if name.starts_with("__") {
                continue;
            }
            if let Some(own) = found["fields"].as_array() {
                fields.insert(name.to_owned(), own.iter().map(field).collect());
            }
            if found["kind"] == "INTERFACE" || found["kind"] == "UNION" {
                let names = items(&found["possibleTypes"]).iter();
                let names = names.map(|one| one["name"].as_str().unwrap().to_owned());
                possible.insert(name.to_owned(), names.collect());
            }
        }
        Self { fields, possible }
    }

    /// The fields of a type; none of a plain value.
    pub fn fields(&self, of: &str) -> &[Field] {
        self.fields.get(of).map_or(&[], Vec::as_slice)
    }

    /// All types that some lead to, themselves included, without going through others.
    pub fn reached<'a>(
        &'a self,
        from: impl IntoIterator<Item = &'a str>,
        not_through: &[&str],
    ) -> BTreeSet<&'a str> {
        let mut open: Vec<&str> = from.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(next) = open.pop() {
            if not_through.contains(&next) || !reached.insert(next) {
                continue;
            }
            open.extend(self.fields(next).iter().map(|field| field.to.as_str()));
            let possible = self.possible.get(next).into_iter().flatten();
            open.extend(possible.map(String::as_str));
        }
        reached
    }

    /// Whether a type leads to one of some.
    pub fn leads(&self, from: &str, to: &[&str]) -> bool {
        let reached = self.reached([from], &[]);
        to.iter().any(|to| reached.contains(to))
    }

    fn is_value(&self, name: &str) -> bool {
        !self.fields.contains_key(name) && !self.possible.contains_key(name)
    }

    /// Everything below a type that can be asked for without arguments and belongs to some types or
    /// leads to them, so many levels deep; empty for a plain value.
    pub fn everything(&self, of: &str, about: &[&str], depth: usize) -> String {
        if self.is_value(of) {
            return String::new();
        }
        let mut text = String::from("{ __typename ");
        for field in self.fields(of).iter().filter(|field| field.plain) {
            if self.is_value(&field.to) {
                let _ = write!(text, "{} ", field.name);
            } else if depth > 0 && (about.contains(&of) || self.leads(&field.to, about)) {
                let below = self.everything(&field.to, about, depth - 1);
                let _ = write!(text, "{} {below} ", field.name);
            }
        }
        for possible in self.possible.get(of).into_iter().flatten() {
            if about.contains(&possible.as_str()) {
                let below = self.everything(possible, about, depth);
                let _ = write!(text, "... on {possible} {below} ");
            }
        }
        text.push('}');
        text
    }
}

fn field(found: &Value) -> Field {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut to = &found["type"];
    while to["ofType"].is_object() {
        to = &to["ofType"];
    }
    let arguments = items(&found["args"]);
    let needed = |argument: &Value| {
        argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
    };
    Field {
        name: text(&found["name"]),
        to: text(&to["name"]),
        arguments: arguments.iter().map(|one| text(&one["name"])).collect(),
        plain: !arguments.iter().any(needed),
    }
}
