//! What the schema says of the price of its fields, after the directives of the GraphQL "Cost
//! Directives" specification. `http/guard` reads them from the schema's text; here nothing is
//! counted.
//!
//! A field takes them by the short names: `ListOf::apply(25)`, `SlicedList::apply(22, "first")`,
//! `Paged::apply()`, `Cost::apply(50)`.

use std::borrow::Cow;

use async_graphql::{
    TypeDirective,
    registry::{MetaDirectiveInvocation, Registry, location_traits},
};

use super::connection::PAGE;

/// What working the field out costs, for each object that it leads to; an object costs 1 when
/// nothing is said, a plain value nothing.
#[TypeDirective(name = "cost", location = "FieldDefinition")]
pub fn cost(weight: String) {}

/// How many objects a list holds: `assumedSize`, unless one of the `slicingArguments` is given
/// and says otherwise; none of them need be. With `sizedFields` it is those fields below that hold so many.
#[TypeDirective(name = "listSize", location = "FieldDefinition")]
pub fn list_size(
    assumed_size: Option<i32>,
    slicing_arguments: Option<Vec<String>>,
    sized_fields: Option<Vec<String>>,
    require_one_slicing_argument: Option<bool>,
) {
}

macro_rules! short {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $ty:ty),*) = $directive:ident($($value:expr),*);)*) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl $name {
                /// The directive as it stands on a field.
                #[must_use]
                pub fn apply($($argument: $ty),*) -> MetaDirectiveInvocation {
                    $directive::apply($($value),*)
                }
            }

            impl TypeDirective for $name {
                fn name(&self) -> Cow<'static, str> {
                    $directive.name()
                }

                fn register(&self, registry: &mut Registry) {
                    $directive.register(registry);
                }
            }

            impl location_traits::Directive_At_FIELD_DEFINITION for $name {}
        )*
    };
}

short! {
    /// `@cost` of a field that works something out.
    Cost(weight: u32) = cost(weight.to_string());
    /// `@listSize` of a list that has no arguments for its size.
    ListOf(size: i32) = list_size(Some(size), None, None, None);
    /// `@listSize` of a list with an argument for its size.
    SlicedList(size: i32, argument: &str) = list_size(Some(size), texts(&[argument]), None, Some(false));
    /// `@listSize` of a connection.
    Paged() = list_size(
        Some(PAGE),
        texts(&["first", "last"]),
        texts(&["edges", "nodes"]),
        Some(false)
    );
}

#[expect(clippy::unnecessary_wraps, reason = "an argument that may be left out")]
fn texts(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use async_graphql::parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition},
    };

    /// Types with fields, by name.
    fn objects() -> Vec<(String, Vec<FieldDefinition>)> {
        let document = parse_schema(crate::graphql::sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else {
                return None;
            };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => return None,
            };
            let fields = fields.into_iter().map(|field| field.node).collect();
            Some((definition.node.name.node.to_string(), fields))
        });
        types.collect()
    }

    fn element(ty: &Type) -> Option<&str> {
        fn name(ty: &Type) -> &str {
            match &ty.base {
                BaseType::Named(name) => name,
                BaseType::List(inner) => name(inner),
            }
        }
        match &ty.base {
            BaseType::Named(_) => None,
            BaseType::List(inner) => Some(name(inner)),
        }
    }

    #[test]
    fn every_list_of_objects_and_every_connection_says_how_large_it_is() {
        let objects = objects();
        let names: HashSet<&str> = objects.iter().map(|(name, _)| name.as_str()).collect();
        let (mut lists, mut pages) = (0, 0);
        for (of, fields) in &objects {
            for field in fields {
                let at = format!("{of}.{}", field.name.node);
                let size = field.directives.iter().map(|found| &found.node);
                let size = size
                    .clone()
                    .find(|directive| directive.name.node == "listSize");
                let given =
                    |argument: &str| size.is_some_and(|size| size.get_argument(argument).is_some());
                let ty = &field.ty.node;
                if ty.to_string().trim_end_matches('!').ends_with("Connection") {
                    for argument in ["assumedSize", "slicingArguments", "sizedFields"] {
                        assert!(given(argument), "{at} is a connection without {argument}");
                    }
                    pages += 1;
                } else if element(ty).is_some_and(|element| names.contains(element)) {
                    // A page's own lists are sized by the field that leads to the page.
                    let sized_above = of.ends_with("Connection");
                    assert_eq!(given("assumedSize"), !sized_above, "{at} is a list");
                    lists += 1;
                } else {
                    assert!(size.is_none(), "{at} is no list");
                }
            }
        }
        assert!(
            lists > 30 && pages > 5,
            "{lists} lists, {pages} connections"
        );
    }

    #[test]
    fn the_directives_stand_in_the_schema_with_a_description() {
        let sdl = crate::graphql::sdl();
        for declared in [
            "\"\"\"\ndirective @cost(weight: String!) on FIELD_DEFINITION\n",
            "\"\"\"\ndirective @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean) on FIELD_DEFINITION\n",
            ": Forecast @cost(weight: \"50\")\n",
            ": [Race!]! @listSize(assumedSize: 25)\n",
            ": RaceConnection! @listSize(assumedSize: 20, slicingArguments: [\"first\", \"last\"], sizedFields: [\"edges\", \"nodes\"], requireOneSlicingArgument: false)\n",
        ] {
            assert!(sdl.contains(declared), "{declared:?} is missing in:\n{sdl}");
        }
    }
}
