//! Looking at a database without opening the store in it. Changes nothing.

use super::connection::Target;
use super::{check_durability, owner, schema};
use crate::{OpenError, PostgresqlOptions};

/// What a database is to this program, in words for an operator. `InUse` by a running server.
pub(crate) async fn probe(database: &PostgresqlOptions) -> Result<String, OpenError> {
    let target = Target::new(database)?;
    let place = &target.place;
    let connection = target.connect(()).await?;
    check_durability(&connection, place).await?;
    let found = schema::version(&connection, place).await?;
    if owner::is_taken(&connection, place).await? {
        return Err(OpenError::InUse { path: place.clone() });
    }
    Ok(match found {
        0 => format!("{place}: has no store yet, one will be made"),
        schema::VERSION => format!("{place}: has a store of this version"),
        older => format!(
            "{place}: has a store of schema {older}, which will be brought forward to {}",
            schema::VERSION
        ),
    })
}
