//! What stands before the GraphQL library, on every transport: a document that would cost too
//! much to read, to validate or to answer is refused before the library sees it, since the
//! library walks a fragment again each time it is spread.

mod measure;
mod shape;
mod tokens;
mod variables;

use async_graphql::{
    Name, Variables,
    parser::{
        self, parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType, Selection},
    },
};
use domain::config::GraphqlConfig;

use measure::{Measure, Walk};
use shape::Shape;

/// Deepest nesting of brackets that the parser is trusted with.
const NESTING: usize = 100;

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("The document has more than {0} tokens.")]
    TooManyTokens(usize),
    #[error("The document is nested too deeply.")]
    TooDeep,
    #[error("The document nests fields {found} deep; at most {most} are allowed.")]
    DepthExceeded { found: usize, most: usize },
    #[error("With its fragments written out the document has more than {0} fields.")]
    TooManyFields(usize),
    #[error(
        "With its fragments written out the document has {found} aliases; at most {most} are allowed."
    )]
    TooManyAliases { found: usize, most: usize },
    #[error(
        "With its fragments written out the document has {found} directives; at most {most} are allowed."
    )]
    TooManyDirectives { found: usize, most: usize },
    #[error("The operation has {found} fields at its root; at most {most} are allowed.")]
    TooManyRootFields { found: usize, most: usize },
    #[error("Fragment \"{0}\" contains itself.")]
    FragmentCycle(String),
    #[error("The mutation \"{0}\" stands in the document more than once; send it once a request.")]
    DuplicateMutation(String),
    #[error("A subscription has exactly one field at its root.")]
    SubscriptionRoot,
    #[error("Introspection is not available.")]
    Introspection,
    #[error(
        "The query may cost {found}; at most {most} is allowed. Ask for fewer items or fields."
    )]
    TooCostly { found: u64, most: u64 },
    /// Position: line, column.
    #[error("{message}")]
    Syntax {
        message: String,
        at: Option<(usize, usize)>,
    },
    #[error("{0}")]
    Invalid(String),
}

impl Refused {
    /// `extensions.reason` of a broken limit; none for what every GraphQL server refuses.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::TooManyTokens(_) => "TOO_MANY_TOKENS",
            Self::TooDeep | Self::DepthExceeded { .. } => "TOO_DEEP",
            Self::TooManyFields(_) => "TOO_MANY_FIELDS",
            Self::TooManyAliases { .. } => "TOO_MANY_ALIASES",
            Self::TooManyDirectives { .. } => "TOO_MANY_DIRECTIVES",
            Self::TooManyRootFields { .. } => "TOO_MANY_ROOT_FIELDS",
            Self::DuplicateMutation(_) => "DUPLICATE_MUTATION",
            Self::Introspection => "INTROSPECTION_DISABLED",
            Self::TooCostly { .. } => "TOO_COSTLY",
            Self::FragmentCycle(_)
            | Self::SubscriptionRoot
            | Self::Syntax { .. }
            | Self::Invalid(_) => return None,
        })
    }
}

/// Limits, and the schema that they are applied to.
#[derive(Debug)]
pub struct Guard {
    limits: GraphqlConfig,
    shape: Shape,
}

impl Guard {
    /// A guard for the schema of this text.
    ///
    /// # Errors
    /// When the text is no schema.
    pub fn new(limits: GraphqlConfig, sdl: &str) -> Result<Self, parser::Error> {
        let shape = Shape::read(sdl)?;
        Ok(Self { limits, shape })
    }

    /// Parses a document whose every operation keeps to the limits, cost aside.
    ///
    /// # Errors
    /// When it does not parse or breaks a limit.
    pub fn read(&self, text: &str) -> Result<ExecutableDocument, Refused> {
        let limits = &self.limits;
        let tokens = tokens::scan(text, limits.max_tokens);
        if tokens.count > limits.max_tokens {
            return Err(Refused::TooManyTokens(limits.max_tokens));
        }
        if tokens.nesting > NESTING {
            return Err(Refused::TooDeep);
        }
        let document = parse_query(text).map_err(|error| refused_by_parser(&error))?;
        let nothing = Variables::default();
        let mut walk = self.walk(&document, &nothing);
        let mut all = Measure::default();
        for (_, operation) in document.operations.iter() {
            let measure = walk.operation(&operation.node)?;
            self.check(&measure)?;
            let most = match operation.node.ty {
                OperationType::Mutation => {
                    no_duplicates(&document, &operation.node)?;
                    limits.max_root_fields
                }
                OperationType::Query => limits.max_root_fields,
                OperationType::Subscription if measure.top != 1 => {
                    return Err(Refused::SubscriptionRoot);
                }
                OperationType::Subscription => 1,
            };
            if measure.top > most {
                return Err(Refused::TooManyRootFields {
                    found: measure.top,
                    most,
                });
            }
            all.fields = all.fields.saturating_add(measure.fields);
        }
        let unused = walk.unused_fragments()?;
        self.check(&unused)?;
        // Validation walks all operations, whichever is asked for.
        if all.fields.saturating_add(unused.fields) > limits.max_fields {
            return Err(Refused::TooManyFields(limits.max_fields));
        }
        Ok(document)
    }

    /// What an operation may cost at most, in objects.
    ///
    /// # Errors
    /// When that is more than allowed.
    pub fn cost(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<u64, Refused> {
        let with_defaults = defaults(operation, variables);
        let variables = with_defaults.as_ref().unwrap_or(variables);
        let found = self.walk(document, variables).operation(operation)?.cost;
        let most = self.limits.max_cost;
        if found > most {
            return Err(Refused::TooCostly { found, most });
        }
        Ok(found)
    }

    /// Whether an operation looks at the schema itself.
    #[must_use]
    pub fn introspects(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
        let mut names = Vec::new();
        root_fields(document, operation, &mut |name| {
            names.push(name.clone());
        });
        names
            .iter()
            .any(|name| matches!(name.as_str(), "__schema" | "__type"))
    }

    /// Checks the values of variables against what the operation declares.
    ///
    /// # Errors
    /// One sentence for each variable that does not fit.
    pub fn variables(
        &self,
        operation: &OperationDefinition,
        given: &Variables,
    ) -> Result<(), Vec<String>> {
        variables::check(&self.shape, &operation.variable_definitions, given)
    }

    fn walk<'a>(&'a self, document: &'a ExecutableDocument, variables: &'a Variables) -> Walk<'a> {
        let max_page = self.limits.max_page as u64;
        Walk::new(&self.shape, document, variables, max_page)
    }

    fn check(&self, measure: &Measure) -> Result<(), Refused> {
        let limits = &self.limits;
        for (found, most) in [
            (measure.depth, limits.max_depth),
            (measure.introspection_depth, limits.max_introspection_depth),
        ] {
            if found > most {
                return Err(Refused::DepthExceeded { found, most });
            }
        }
        if measure.fields > limits.max_fields {
            return Err(Refused::TooManyFields(limits.max_fields));
        }
        let (found, most) = (measure.aliases, limits.max_aliases);
        if found > most {
            return Err(Refused::TooManyAliases { found, most });
        }
        let (found, most) = (measure.directives, limits.max_directives);
        if found > most {
            return Err(Refused::TooManyDirectives { found, most });
        }
        Ok(())
    }
}

/// Variables with the defaults of those not given; none when there is nothing to add.
fn defaults(operation: &OperationDefinition, given: &Variables) -> Option<Variables> {
    let mut all: Option<Variables> = None;
    for variable in &operation.variable_definitions {
        let name = &variable.node.name.node;
        if let Some(default) = &variable.node.default_value
            && !given.contains_key(name)
        {
            let all = all.get_or_insert_with(|| given.clone());
            all.insert(name.clone(), default.node.clone());
        }
    }
    all
}

/// A mutation that stands twice would run twice: the library does not merge them.
fn no_duplicates(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), Refused> {
    let mut seen: Vec<Name> = Vec::new();
    let mut twice = None;
    root_fields(document, operation, &mut |name| {
        if seen.contains(name) {
            twice.get_or_insert_with(|| name.to_string());
        } else {
            seen.push(name.clone());
        }
    });
    twice.map_or(Ok(()), |name| Err(Refused::DuplicateMutation(name)))
}

/// Calls back for each field at the root; the walk before has refused cycles and bombs.
fn root_fields(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    found: &mut impl FnMut(&Name),
) {
    let mut sets = vec![&operation.selection_set];
    while let Some(set) = sets.pop() {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => found(&field.node.name.node),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set));
                }
            }
        }
    }
}

fn refused_by_parser(error: &parser::Error) -> Refused {
    let at = error.positions().next().map(|at| (at.line, at.column));
    match error {
        parser::Error::Syntax { message, .. } => Refused::Syntax {
            message: one_line(message),
            at,
        },
        parser::Error::MissingOperation => Refused::Syntax {
            message: "The document has no operation.".to_owned(),
            at,
        },
        other => Refused::Invalid(other.to_string()),
    }
}

/// The parser draws the line in question; a client gets its position beside the message.
fn one_line(message: &str) -> String {
    let expected = message
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("= "))
        .next_back()
        .unwrap_or("unexpected text");
    format!("Syntax error: {expected}.")
}

#[cfg(test)]
mod tests;
