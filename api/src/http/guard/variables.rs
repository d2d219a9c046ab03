//! Whether the values of variables fit the types that the operation declares. A request whose
//! variables do not fit is refused whole: GraphQL specification, 6.1.2.

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{BaseType, Type, VariableDefinition},
};

use super::shape::{Input, Shape};

/// Values shown in a message at most, in bytes.
const SHOWN: usize = 60;

/// Checks values against declarations; what is declared nowhere is ignored.
///
/// # Errors
/// One sentence for each variable that does not fit.
pub fn check(
    shape: &Shape,
    declared: &[Positioned<VariableDefinition>],
    given: &Variables,
) -> Result<(), Vec<String>> {
    let problems: Vec<String> = declared
        .iter()
        .filter_map(|variable| check_one(shape, &variable.node, given).err())
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn check_one(
    shape: &Shape,
    variable: &VariableDefinition,
    given: &Variables,
) -> Result<(), String> {
    let (name, ty) = (&variable.name.node, &variable.var_type.node);
    match given.get(name) {
        Some(value) => fits(shape, value, ty, &format!("${name}"))
            .map_err(|problem| format!("Variable \"${name}\" got an invalid value: {problem}")),
        None if ty.nullable || variable.default_value.is_some() => Ok(()),
        None => Err(format!(
            "Variable \"${name}\" of required type \"{ty}\" was not provided."
        )),
    }
}

fn fits(shape: &Shape, value: &Value, ty: &Type, at: &str) -> Result<(), String> {
    if *value == Value::Null {
        return if ty.nullable {
            Ok(())
        } else {
            Err(format!("{at} is null, expected \"{ty}\"."))
        };
    }
    match (&ty.base, value) {
        (BaseType::List(inner), Value::List(values)) => values
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| fits(shape, value, inner, &format!("{at}[{index}]"))),
        // A single value stands for a list of one.
        (BaseType::List(inner), value) => fits(shape, value, inner, at),
        (BaseType::Named(name), value) => named(shape, value, name, at),
    }
}

fn named(shape: &Shape, value: &Value, name: &Name, at: &str) -> Result<(), String> {
    let wrong = || Err(format!("{at} is {}, expected \"{name}\".", shown(value)));
    match (name.as_str(), shape.input(name.as_str()), value) {
        ("Int", _, Value::Number(number)) => match number.as_i64().map(i32::try_from) {
            Some(Ok(_)) => Ok(()),
            _ => wrong(),
        },
        ("Float", _, Value::Number(_))
        | ("Boolean", _, Value::Boolean(_))
        | ("String" | "ID", _, Value::String(_)) => Ok(()),
        ("ID", _, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(()),
        ("Int" | "Float" | "Boolean" | "String" | "ID", ..) => wrong(),
        // A scalar of our own looks at its value itself; validation names unknown types.
        (_, Some(Input::Scalar) | None, _) => Ok(()),
        (_, Some(Input::Enum(values)), Value::String(text)) if values.contains(text) => Ok(()),
        (_, Some(Input::Object(fields)), Value::Object(values)) => {
            if let Some(unknown) = values.keys().find(|key| !fields.contains_key(key.as_str())) {
                return Err(format!("{at} has no field \"{unknown}\" in \"{name}\"."));
            }
            fields.iter().try_for_each(|(field, declared)| {
                let path = format!("{at}.{field}");
                match values.get(field.as_str()) {
                    Some(value) => fits(shape, value, &declared.ty, &path),
                    None if declared.ty.nullable || declared.has_default => Ok(()),
                    None => Err(format!("{path} of type \"{}\" is missing.", declared.ty)),
                }
            })
        }
        (_, Some(Input::Enum(_) | Input::Object(_)), _) => wrong(),
    }
}

fn shown(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = "
        type Query { a: Int }
        enum Tyre { SOFT HARD }
        scalar Date
        input Lap { number: Int!, tyre: Tyre, before: Lap, note: String! = \"\" }
    ";

    fn problem(declared: &str, given: serde_json::Value) -> Option<String> {
        let document = parse_query(format!("query ({declared}) {{ a }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let shape = Shape::read(SCHEMA).unwrap();
        check(
            &shape,
            &operation.node.variable_definitions,
            &Variables::from_json(given),
        )
        .err()
        .map(|problems| problems.join(" "))
    }

    #[test]
    fn values_that_fit_are_taken() {
        for (declared, given) in [
            ("$a: Int", json!({})),
            ("$a: Int", json!({ "a": null, "other": [1] })),
            ("$a: Int! = 1", json!({})),
            ("$a: Int!", json!({ "a": -2_147_483_648_i64 })),
            ("$a: Float!", json!({ "a": 1 })),
            ("$a: ID!", json!({ "a": 5 })),
            ("$a: [ID!]!", json!({ "a": "x" })),
            ("$a: [[Int]]", json!({ "a": [[1, null], null] })),
            ("$a: Date!", json!({ "a": "2024-05-26" })),
            ("$a: Tyre", json!({ "a": "SOFT" })),
            (
                "$a: Lap",
                json!({ "a": { "number": 1, "before": { "number": 2 } } }),
            ),
        ] {
            assert_eq!(problem(declared, given.clone()), None, "{declared} {given}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused_and_named() {
        for (declared, given, part) in [
            ("$a: Int!", json!({}), "was not provided"),
            ("$a: Int!", json!({ "a": null }), "$a is null"),
            (
                "$a: Int",
                json!({ "a": 1.5 }),
                "$a is 1.5, expected \"Int\"",
            ),
            (
                "$a: Int",
                json!({ "a": 2_147_483_648_i64 }),
                "expected \"Int\"",
            ),
            ("$a: Int", json!({ "a": "1" }), "expected \"Int\""),
            ("$a: String", json!({ "a": 1 }), "expected \"String\""),
            (
                "$a: Boolean",
                json!({ "a": "true" }),
                "expected \"Boolean\"",
            ),
            ("$a: [Int!]", json!({ "a": [1, null] }), "$a[1] is null"),
            ("$a: Tyre", json!({ "a": "MEDIUM" }), "expected \"Tyre\""),
            ("$a: Lap", json!({ "a": 1 }), "expected \"Lap\""),
            (
                "$a: Lap",
                json!({ "a": {} }),
                "$a.number of type \"Int!\" is missing",
            ),
            (
                "$a: Lap",
                json!({ "a": { "number": 1, "x": 1 } }),
                "has no field \"x\"",
            ),
            (
                "$a: Lap",
                json!({ "a": { "number": 1, "before": { "number": null } } }),
                "$a.before.number is null",
            ),
            ("$a: String", json!({ "a": ["x".repeat(500)] }), "…"),
        ] {
            let found = problem(declared, given.clone()).unwrap_or_default();
            assert!(found.contains(part), "{declared} {given}: {found}");
            assert!(found.len() < 200, "{found}");
        }
    }
}
