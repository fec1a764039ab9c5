//! What the portal relies on in Kubernetes: held against the simulator always, and against a real
//! cluster where a run has one. What no real cluster confirmed in this run is printed.

mod beside;
mod commands;
mod objects;
mod parameters;
mod reading;
mod rollouts;
mod target;

use std::time::Duration;

use target::Target;

/// What waits for longer waits for ever.
const LIMIT: Duration = Duration::from_secs(180);

/// One test for each behaviour, which is told apart by its name only.
macro_rules! behaviours {
    ($($part:ident: $($name:ident)*;)*) => {$($(
        #[tokio::test]
        async fn $name() {
            let name = stringify!($name);
            let simulator = Target::simulator(name).await;
            let shown = tokio::time::timeout(LIMIT, $part::$name(&simulator));
            shown.await.expect("the simulator to answer");
            simulator.finish().await;
            let Some(real) = Target::real(name).await else {
                println!("unconfirmed: kubernetes {name}");
                return;
            };
            let shown = tokio::time::timeout(LIMIT, $part::$name(&real));
            shown.await.expect("the real cluster to answer");
            real.finish().await;
        }
    )*)*};
}

behaviours! {
    objects:
        a_namespace_is_made_once_and_never_taken_over
        a_namespace_goes_with_what_is_in_it
        a_placeholder_starts_nothing
        an_apply_leaves_the_scale_alone
        an_apply_from_an_old_reading_is_stale
        an_apply_makes_again_what_was_deleted_unless_it_names_its_uid
        what_an_apply_leaves_out_is_removed
        other_hands_are_seen_before_they_are_overruled
        what_another_hand_added_goes_once
        a_check_goes_with_its_handler
        every_change_counts_as_a_generation_and_a_repeat_does_not
        content_that_cannot_be_is_refused_by_its_field
        a_field_that_does_not_exist_is_refused
        secrets_are_made_read_and_deleted;
    rollouts:
        a_rollout_is_done_when_the_cluster_says_so
        nothing_wanted_is_never_done
        a_missing_image_fails_and_recovers
        a_crash_is_told_with_its_exit_code
        a_failing_probe_is_told
        a_missing_secret_does_not_start
        an_autoscaler_owns_the_count;
    parameters:
        every_accepted_document_becomes_objects_that_are_accepted
        new_parameters_leave_the_count_to_the_autoscaler
        what_was_just_applied_has_not_drifted;
    reading:
        the_version_is_told
        rights_that_are_missing_are_told
        a_wrong_token_is_denied
        logs_end_with_what_was_asked_for
        a_container_that_waits_has_no_log
        a_list_comes_in_pages
        a_watch_tells_what_happens
        a_watch_from_long_ago_is_told_to_list_again
        kubectl_reads_what_is_there;
    commands:
        a_command_ends_with_its_code
        a_terminal_has_the_size_that_it_is_given
        bytes_pass_unchanged_though_characters_are_split
        ctrl_c_ends_a_flood
        an_older_protocol_does_as_well
        a_missing_program_is_an_end_and_not_an_error
        a_shell_is_the_best_that_there_is
        a_command_ends_with_its_pod
        kubectl_runs_a_shell_in_a_container
        commands_are_refused_as_other_calls_are;
    beside:
        a_container_is_put_beside_others_once
        what_is_beside_others_is_never_changed
        the_strictest_profile_admits_what_is_put_beside;
}
