//! Short ways into an answer.

use serde_json::Value;

/// The items of a list.
#[track_caller]
pub fn items(list: &Value) -> &[Value] {
    list.as_array()
        .unwrap_or_else(|| panic!("expected a list, found {list:#}"))
}

/// The value at a pointer (`/driver/ref`) of each item of a list.
#[track_caller]
pub fn each(list: &Value, pointer: &str) -> Vec<Value> {
    let at = |item: &Value| item.pointer(pointer).cloned();
    items(list)
        .iter()
        .map(|item| at(item).unwrap_or_else(|| panic!("no {pointer} in {item:#}")))
        .collect()
}

/// The text at a pointer of each item of a list.
#[track_caller]
pub fn texts(list: &Value, pointer: &str) -> Vec<String> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => panic!("expected a text at {pointer}, found {other}"),
    };
    each(list, pointer).into_iter().map(text).collect()
}

/// The one item of a list with this value at a pointer.
#[track_caller]
pub fn with<'a>(list: &'a Value, pointer: &str, value: &str) -> &'a Value {
    items(list)
        .iter()
        .find(|item| item.pointer(pointer).is_some_and(|found| found == value))
        .unwrap_or_else(|| panic!("no item with {pointer} = {value} in {list:#}"))
}
