//! Who is asking.

use async_graphql::{Context, Enum, Object};

use crate::viewer::Viewer;

/// What a viewer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Role {
    /// Reads what is public.
    Guest,
    /// May do everything.
    Admin,
}

/// The sender of this request.
pub struct ViewerObject(Viewer);

#[Object(name = "Viewer")]
impl ViewerObject {
    async fn role(&self) -> Role {
        match self.0 {
            Viewer::Guest => Role::Guest,
            Viewer::Admin => Role::Admin,
        }
    }
}

#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The sender of this request.
    async fn viewer(&self, ctx: &Context<'_>) -> ViewerObject {
        ViewerObject(ctx.data_opt::<Viewer>().copied().unwrap_or(Viewer::Guest))
    }
}
