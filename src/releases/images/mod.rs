//! A release's image against the rules for images, when its digest was read.

pub(super) mod store;

use futures_util::future::try_join_all;

use crate::app::App;
use crate::connections::ConnectionError;
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::registry::{Image, Reference, Registry};
use crate::projects::Project;
use crate::standards::images::{self, Base, Remark, Subject};
use crate::standards::rails;

/// What the rules find of an image, by the bounds, the overrides and the bases of this moment.
///
/// # Errors
/// No answer from the database, or from the registry about a base.
pub(super) async fn look(
    app: &App,
    project: &Project,
    registry: &Registry,
    image: &Image,
) -> Result<Vec<Remark>, ConnectionError> {
    let bounds = images::bounds_for(app, &project.language).await?;
    let live = rails::live_for_image(app, project.id).await?;
    let bases = bounds.bases.iter().map(|name| base(registry, name));
    let bases = try_join_all(bases).await?;
    let subject = Subject {
        image,
        bounds: &bounds,
        bases: &bases,
    };
    Ok(images::judge(&subject, &live))
}

async fn base(registry: &Registry, name: &str) -> Result<Base, CallError> {
    let diff_ids = match Reference::parse(name).and_then(|n| Some((n.repository, n.tag?))) {
        Some((repository, tag)) => match registry.digest(&repository, &tag).await? {
            Some(digest) => registry.image(&repository, &digest).await?,
            None => None,
        },
        None => None,
    };
    Ok(Base {
        name: name.to_owned(),
        diff_ids: diff_ids.map(|image| image.diff_ids),
    })
}

/// Why an image is not taken: the rule's own words, or how many rules there are.
pub(super) fn refusal(remarks: &[Remark]) -> Option<Words> {
    let refused: Vec<&Remark> = remarks.iter().filter(|r| r.refused).collect();
    match refused.as_slice() {
        [] => None,
        [one] => Some(one.words()),
        many => Some(Words::new("artifact-breaks-rules").with("n", many.len())),
    }
}
