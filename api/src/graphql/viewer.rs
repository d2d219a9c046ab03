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

pub struct ViewerObject(Viewer);

/// The sender of this request.
#[Object(name = "Viewer", cache_control(private))]
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

#[Object(cache_control(max_age = 3600))]
impl ViewerQuery {
    /// The sender of this request.
    async fn viewer(&self, ctx: &Context<'_>) -> ViewerObject {
        ViewerObject(ctx.data_opt::<Viewer>().copied().unwrap_or(Viewer::Guest))
    }
}
