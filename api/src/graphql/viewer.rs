//! Who is asking.

use async_graphql::{Context, Enum, Object};

use crate::{
    error::{Code, Result},
    viewer::Viewer,
};

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

/// Who sends the request.
fn sender(ctx: &Context<'_>) -> Viewer {
    ctx.data_opt::<Viewer>().copied().unwrap_or(Viewer::Guest)
}

/// Lets only administrators go on.
///
/// # Errors
/// `UNAUTHENTICATED` for a guest.
pub fn admin_only(ctx: &Context<'_>) -> Result<()> {
    match sender(ctx) {
        Viewer::Admin => Ok(()),
        Viewer::Guest => Err(Code::Unauthenticated.error(
            "this is for administrators: send their token as \"Authorization: Bearer TOKEN\"",
        )),
    }
}

#[derive(Default)]
pub struct ViewerQuery;

#[Object(cache_control(max_age = 3600))]
impl ViewerQuery {
    /// The sender of this request.
    async fn viewer(&self, ctx: &Context<'_>) -> ViewerObject {
        ViewerObject(sender(ctx))
    }
}
