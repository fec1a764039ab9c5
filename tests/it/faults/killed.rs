//! The real program, killed ten times on one mile: whatever it was doing, the next one goes on.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::program::{
    MILE_LIMIT, Phase, Program, Stage, comes_to_rest, shows_one_of_everything, walk,
};

/// A portal lives for so long, in milliseconds, once it has come up.
const LIVES_MS: std::ops::Range<u64> = 50..600;
/// How many kills there have been, at most, in each phase: otherwise all ten would fall into the
/// first seconds.
const fn most(phase: Phase) -> u32 {
    match phase {
        Phase::Containers => 3,
        Phase::Build => 7,
        Phase::Production => 10,
    }
}

/// Numbers by chance that a seed gives again (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

async fn kill(program: &mut Program, chance: &mut Chance, mut phase: watch::Receiver<Phase>) {
    for so_many in 0..most(Phase::Production) {
        phase.wait_for(|now| most(*now) > so_many).await.unwrap();
        let life = LIVES_MS.start + chance.below(LIVES_MS.end - LIVES_MS.start);
        program.kill_after(Duration::from_millis(life)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_killed_ten_times_ends_its_mile_the_same() {
    let seed = Uuid::new_v4().as_u64_pair().0;
    println!("the seed is {seed}");
    let mut stage = Stage::set().await;
    let (phase, seen) = watch::channel(Phase::Containers);
    let mut chance = Chance(seed);
    let both = async {
        tokio::join!(
            walk(&mut stage.crew, phase),
            kill(&mut stage.program, &mut chance, seen)
        );
        comes_to_rest(&stage.portal).await;
    };
    timeout(MILE_LIMIT, both)
        .await
        .expect("the mile does not end");
    shows_one_of_everything(&mut stage).await;
}
