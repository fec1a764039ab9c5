//! A release's image against the rules for images, when its digest was read.

pub(super) mod store;

use futures_util::future::try_join_all;

use crate::app::App;
use crate::connections::ConnectionError;
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::registry::{Image, Reference, Registry, Repository};
use crate::projects::Project;
use crate::standards::images::{self, Base, Remark, Subject};
use crate::standards::rails;

/// An index of more images is taken for none that could be judged.
const MOST_PLATFORMS: usize = 16;

/// What the rules find of an image, by the bounds, the overrides and the bases of this moment.
///
/// # Errors
/// No answer from the database, or from the registry about a base.
pub(super) async fn look(
    app: &App,
    project: &Project,
    (registry, repository): (&Registry, &Repository),
    image: &Image,
) -> Result<Vec<Remark>, ConnectionError> {
    let bounds = images::bounds_for(app, &project.language).await?;
    let live = rails::live_for_image(app, project.id).await?;
    let bases = bounds.bases.iter().map(|name| base(registry, name));
    let bases = try_join_all(bases).await?.concat();
    let mut remarks: Vec<Remark> = Vec::new();
    for image in &runnable(registry, repository, image.clone()).await? {
        let subject = Subject {
            image,
            bounds: &bounds,
            bases: &bases,
        };
        for remark in images::judge(&subject, &live) {
            if remarks.iter().all(|r| r.rail != remark.rail) {
                remarks.push(remark);
            }
        }
    }
    Ok(remarks)
}

/// The image itself, or those of an index, one for each platform. An index of which nothing can
/// be read stands for itself, and says nothing that a rule could be content with.
async fn runnable(
    registry: &Registry,
    repository: &Repository,
    image: Image,
) -> Result<Vec<Image>, CallError> {
    if image.platforms.is_empty() || image.platforms.len() > MOST_PLATFORMS {
        return Ok(vec![image]);
    }
    let all = image.platforms.iter();
    let all = try_join_all(all.map(|digest| registry.image(repository, digest))).await?;
    let found: Vec<Image> = all.into_iter().flatten().collect();
    Ok(if found.is_empty() { vec![image] } else { found })
}

/// A base by its name, once for each platform that it is there for.
async fn base(registry: &Registry, name: &str) -> Result<Vec<Base>, CallError> {
    let one = |diff_ids| Base {
        name: name.to_owned(),
        diff_ids,
    };
    let away = Ok(vec![one(None)]);
    let Some((repository, tag)) =
        Reference::parse(name).and_then(|named| Some((named.repository, named.tag?)))
    else {
        return away;
    };
    let Some(digest) = registry.digest(&repository, &tag).await? else {
        return away;
    };
    let Some(image) = registry.image(&repository, &digest).await? else {
        return away;
    };
    let images = runnable(registry, &repository, image).await?;
    Ok(images.into_iter().map(|i| one(Some(i.diff_ids))).collect())
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
