//! How large an answer a document asks for, with all fragments written out. Each fragment is
//! measured once and remembered, so that the work goes with the length of the document.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value as ConstValue, Variables,
    parser::types::{
        ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use super::{Refused, shape};
use shape::Shape;

/// Nesting beyond which a walk stops, whatever the limits say: it goes with the stack.
const DEEPEST: usize = 150;

/// The size of a selection set. Sums saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Cost of the objects below.
    pub cost: u64,
    /// Cost of the objects below for each item of the page that the set describes.
    per_item: u64,
    /// Fields in fields, introspection aside.
    pub depth: usize,
    /// The same of the introspection.
    pub introspection_depth: usize,
    /// Fields, fragments and inline fragments.
    pub fields: usize,
    pub aliases: usize,
    pub directives: usize,
    /// Fields at the top of the set.
    pub top: usize,
}

impl Measure {
    fn add(&mut self, other: &Self) {
        self.cost = self.cost.saturating_add(other.cost);
        self.per_item = self.per_item.saturating_add(other.per_item);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.top = self.top.saturating_add(other.top);
    }
}

/// A walk over one document.
pub struct Walk<'a> {
    shape: &'a Shape,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// Largest page: a larger one is refused by the field itself.
    max_page: u64,
    /// Fragments met; none while one is being measured.
    known: HashMap<&'a Name, Option<Measure>>,
}

impl<'a> Walk<'a> {
    /// A walk that takes sizes of pages from these variables.
    #[must_use]
    pub fn new(
        shape: &'a Shape,
        document: &'a ExecutableDocument,
        variables: &'a Variables,
        max_page: u64,
    ) -> Self {
        Self {
            shape,
            document,
            variables,
            max_page,
            known: HashMap::new(),
        }
    }

    /// The size of an operation.
    ///
    /// # Errors
    /// When fragments go in circles or nest too deeply.
    pub fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Measure, Refused> {
        let root = self.shape.root(operation.ty);
        let mut measure = self.set(&operation.selection_set, root, &[], 0)?;
        measure.directives = measure
            .directives
            .saturating_add(operation.directives.len());
        Ok(measure)
    }

    /// The largest fragment of those that no operation has led to.
    ///
    /// # Errors
    /// As for an operation.
    pub fn unused_fragments(&mut self) -> Result<Measure, Refused> {
        let mut all = Measure::default();
        for name in self.document.fragments.keys() {
            if !self.known.contains_key(name) {
                all.add(&self.fragment(name, &[], 0)?);
            }
        }
        Ok(all)
    }

    fn set(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        of: &str,
        sized: &[String],
        depth: usize,
    ) -> Result<Measure, Refused> {
        if depth > DEEPEST {
            return Err(Refused::TooDeep);
        }
        let mut sum = Measure::default();
        for selection in &set.node.items {
            let mut found = match &selection.node {
                Selection::Field(field) => self.field(&field.node, of, sized, depth)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    let of = on.map_or(of, |condition| condition.node.on.node.as_str());
                    self.set(&inline.node.selection_set, of, sized, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, sized, depth + 1)?
                }
            };
            found.fields = found.fields.saturating_add(1);
            found.directives = (found.directives).saturating_add(selection.node.directives().len());
            sum.add(&found);
        }
        Ok(sum)
    }

    fn fragment(
        &mut self,
        name: &Name,
        sized: &[String],
        depth: usize,
    ) -> Result<Measure, Refused> {
        // Validation names a fragment that does not exist.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Measure::default());
        };
        match self.known.get(name) {
            Some(Some(measure)) => return Ok(*measure),
            Some(None) => return Err(Refused::FragmentCycle(name.to_string())),
            None => {}
        }
        self.known.insert(name, None);
        let of = fragment.node.type_condition.node.on.node.as_str();
        // Which fields are sized goes with the type, so a fragment is always met with the same.
        let mut measure = self.set(&fragment.node.selection_set, of, sized, depth)?;
        measure.directives = (measure.directives).saturating_add(fragment.node.directives.len());
        self.known.insert(name, Some(measure));
        Ok(measure)
    }

    fn field(
        &mut self,
        field: &'a Field,
        of: &str,
        sized: &[String],
        depth: usize,
    ) -> Result<Measure, Refused> {
        let name = field.name.node.as_str();
        let shape = self.shape;
        let known = shape.field(of, name);
        let (below, within): (&str, &[String]) =
            known.map_or(("", &[]), |known| (&known.of, &known.sized));
        let mut measure = self.set(&field.selection_set, below, within, depth + 1)?;
        let children = measure.cost;
        let page = measure.per_item;
        measure.per_item = 0;
        measure.cost = 0;
        measure.top = 1;
        measure.depth += 1;
        measure.aliases = (measure.aliases).saturating_add(usize::from(field.alias.is_some()));
        match known {
            Some(known) if known.object => {
                let slice = self.slice(known, field);
                let count = if known.sized.is_empty() && known.list.is_some() {
                    slice.or(known.list).unwrap_or(1)
                } else {
                    1
                };
                let paged = page.saturating_mul(slice.unwrap_or(known.assumed));
                let one = known.weight.saturating_add(children).saturating_add(paged);
                if sized.iter().any(|sized| sized == name) {
                    // The size of the page is known one level up.
                    measure.per_item = one;
                } else {
                    measure.cost = one.saturating_mul(count);
                }
            }
            // A price for working something out.
            Some(known) => measure.cost = if known.weight > 1 { known.weight } else { 0 },
            None if field.selection_set.node.items.is_empty() => {}
            None => {
                let count = shape.introspection_list(name);
                measure.cost = count.saturating_mul(children.saturating_add(1));
            }
        }
        let introspection = matches!(name, "__schema" | "__type");
        if introspection && of == shape.root(OperationType::Query) {
            measure.introspection_depth = measure.introspection_depth.max(measure.depth);
            measure.depth = 0;
        }
        Ok(measure)
    }

    /// Objects that slicing arguments ask for.
    fn slice(&self, known: &shape::Field, field: &Field) -> Option<u64> {
        known
            .slicing
            .iter()
            .filter_map(|argument| field.get_argument(argument))
            .filter_map(|value| match &value.node {
                Value::Number(number) => Some(size_of(number)),
                Value::List(items) => Some(items.len() as u64),
                Value::Variable(name) => self.variables.get(name).and_then(|value| match value {
                    ConstValue::Number(number) => Some(size_of(number)),
                    ConstValue::List(items) => Some(items.len() as u64),
                    _ => None,
                }),
                _ => None,
            })
            .max()
            .map(|size| size.min(self.max_page))
    }
}

/// The field itself refuses what is no size.
fn size_of(number: &async_graphql::Number) -> u64 {
    number.as_u64().unwrap_or(0)
}
