//! What the schema says of the size of an answer: which fields lead to objects, how many, and
//! at what price. Read from the schema's own text, where `@cost` and `@listSize` stand.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::{
    parse_schema,
    types::{
        BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeKind,
        TypeSystemDefinition,
    },
};
use async_graphql::{Positioned, Value};

/// Objects assumed in a list that does not say how long it is.
const UNKNOWN_LIST: u64 = 10;

/// Lists of the introspection, which no schema text describes: `types` and `directives` by
/// their real number, the others by about their mean over all types.
const INTROSPECTION_LISTS: [(&str, u64); 6] = [
    ("fields", 8),
    ("args", 1),
    ("inputFields", 2),
    ("enumValues", 2),
    ("interfaces", 1),
    ("possibleTypes", 1),
];

/// The schema as the guard needs it.
#[derive(Debug)]
pub struct Shape {
    types: HashMap<String, HashMap<String, Field>>,
    inputs: HashMap<String, Input>,
    roots: Roots,
    introspection: HashMap<String, u64>,
}

#[derive(Debug)]
struct Roots {
    query: String,
    mutation: String,
    subscription: String,
}

/// A field that an object or interface has.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name of its type, wrappers taken off.
    pub of: String,
    /// Whether it leads to objects.
    pub object: bool,
    /// What each of its objects costs by itself.
    pub weight: u64,
    /// Objects in it, if it is a list.
    pub list: Option<u64>,
    /// Arguments that say how many objects it, or `sized` below it, holds.
    pub slicing: Vec<String>,
    /// Fields below that hold as many objects as the slicing arguments say.
    pub sized: Vec<String>,
    /// Objects that come without a slicing argument.
    pub assumed: u64,
}

/// A type that a variable may have.
#[derive(Debug)]
pub enum Input {
    /// Built in, or of our own.
    Scalar,
    /// One of these names.
    Enum(HashSet<String>),
    /// Named fields.
    Object(HashMap<String, InputField>),
}

/// A field of an input object.
#[derive(Debug)]
pub struct InputField {
    pub ty: Type,
    pub has_default: bool,
}

impl Shape {
    /// Reads the schema definition language.
    ///
    /// # Errors
    /// When the text is no schema.
    pub fn read(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let document = parse_schema(sdl)?;
        let mut shape = Self {
            types: HashMap::new(),
            inputs: HashMap::new(),
            roots: Roots {
                query: "Query".to_owned(),
                mutation: "Mutation".to_owned(),
                subscription: "Subscription".to_owned(),
            },
            introspection: INTROSPECTION_LISTS
                .map(|(name, size)| (name.to_owned(), size))
                .into(),
        };
        for scalar in ["Int", "Float", "String", "Boolean", "ID"] {
            shape.inputs.insert(scalar.to_owned(), Input::Scalar);
        }
        let (mut types, mut directives) = (0, 0);
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => shape.name_roots(schema.node),
                TypeSystemDefinition::Directive(_) => directives += 1,
                TypeSystemDefinition::Type(definition) => {
                    types += 1;
                    shape.add(definition.node.name.node.to_string(), definition.node.kind);
                }
            }
        }
        shape.introspection.insert("types".to_owned(), types);
        shape
            .introspection
            .insert("directives".to_owned(), directives);
        shape.mark_objects();
        Ok(shape)
    }

    /// Name of the type that operations of a kind begin at.
    #[must_use]
    pub fn root(&self, kind: async_graphql::parser::types::OperationType) -> &str {
        use async_graphql::parser::types::OperationType;
        match kind {
            OperationType::Query => &self.roots.query,
            OperationType::Mutation => &self.roots.mutation,
            OperationType::Subscription => &self.roots.subscription,
        }
    }

    /// A field of a type, if both exist.
    #[must_use]
    pub fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.types.get(of)?.get(name)
    }

    /// Objects that a list of the introspection holds, 1 for what is none.
    #[must_use]
    pub fn introspection_list(&self, name: &str) -> u64 {
        self.introspection.get(name).copied().unwrap_or(1)
    }

    /// A type that variables may have.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }

    /// Fields that are lists of objects without saying of what size; for a test.
    #[cfg(test)]
    pub(super) fn lists_without_size(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .types
            .iter()
            .flat_map(|(of, fields)| fields.iter().map(move |(name, field)| (of, name, field)))
            .filter(|(of, name, field)| {
                let paged =
                    matches!(name.as_str(), "edges" | "nodes") && of.ends_with("Connection");
                field.object && field.list == Some(UNKNOWN_LIST) && !paged
            })
            .map(|(of, name, _)| format!("{of}.{name}"))
            .collect();
        found.sort();
        found
    }

    fn name_roots(&mut self, schema: async_graphql::parser::types::SchemaDefinition) {
        let roots = &mut self.roots;
        for (root, named) in [
            (&mut roots.query, schema.query),
            (&mut roots.mutation, schema.mutation),
            (&mut roots.subscription, schema.subscription),
        ] {
            if let Some(name) = named {
                *root = name.node.to_string();
            }
        }
    }

    fn add(&mut self, name: String, kind: TypeKind) {
        match kind {
            TypeKind::Scalar => {
                self.inputs.insert(name, Input::Scalar);
            }
            TypeKind::Enum(definition) => {
                let values = definition.values.into_iter();
                let values = values
                    .map(|value| value.node.value.node.to_string())
                    .collect();
                self.inputs.insert(name, Input::Enum(values));
            }
            TypeKind::InputObject(definition) => {
                let fields = definition
                    .fields
                    .into_iter()
                    .map(|field| input_field(field.node));
                self.inputs.insert(name, Input::Object(fields.collect()));
            }
            TypeKind::Object(definition) => self.add_fields(name, definition.fields),
            TypeKind::Interface(definition) => self.add_fields(name, definition.fields),
            TypeKind::Union(_) => {
                self.types.insert(name, HashMap::new());
            }
        }
    }

    fn add_fields(&mut self, of: String, fields: Vec<Positioned<FieldDefinition>>) {
        let fields = fields.into_iter().map(|field| {
            let field = field.node;
            (field.name.node.to_string(), Field::read(&field))
        });
        self.types.insert(of, fields.collect());
    }

    fn mark_objects(&mut self) {
        let objects: HashSet<String> = self.types.keys().cloned().collect();
        for fields in self.types.values_mut() {
            for field in fields.values_mut() {
                field.object = objects.contains(&field.of);
            }
        }
    }
}

impl Field {
    fn read(definition: &FieldDefinition) -> Self {
        let (of, is_list) = unwrapped(&definition.ty.node);
        let directive = |name: &str| {
            let all = definition.directives.iter();
            all.map(|found| &found.node)
                .find(|found| found.name.node == name)
        };
        let size = directive("listSize");
        let assumed = size.and_then(|size| number(size, "assumedSize"));
        let sized = size
            .map(|size| names(size, "sizedFields"))
            .unwrap_or_default();
        Self {
            of: of.to_owned(),
            object: false,
            weight: directive("cost")
                .and_then(|cost| number(cost, "weight"))
                .unwrap_or(1),
            list: is_list.then(|| assumed.unwrap_or(UNKNOWN_LIST)),
            slicing: size
                .map(|size| names(size, "slicingArguments"))
                .unwrap_or_default(),
            sized,
            assumed: assumed.unwrap_or(UNKNOWN_LIST),
        }
    }
}

fn input_field(definition: InputValueDefinition) -> (String, InputField) {
    let field = InputField {
        has_default: definition.default_value.is_some(),
        ty: definition.ty.node,
    };
    (definition.name.node.to_string(), field)
}

/// The named type within lists and exclamation marks, and whether there is a list.
fn unwrapped(ty: &Type) -> (&str, bool) {
    match &ty.base {
        BaseType::Named(name) => (name.as_str(), false),
        BaseType::List(inner) => (unwrapped(inner).0, true),
    }
}

fn number(directive: &ConstDirective, argument: &str) -> Option<u64> {
    match &directive.get_argument(argument)?.node {
        Value::Number(number) => number.as_u64(),
        // The specification of `@cost` has the weight as text.
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn names(directive: &ConstDirective, argument: &str) -> Vec<String> {
    match directive.get_argument(argument).map(|value| &value.node) {
        Some(Value::List(values)) => values
            .iter()
            .filter_map(|value| match value {
                Value::String(name) => Some(name.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
