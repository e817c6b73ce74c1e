//! What storage promises, as tests: every rule is a function of a [`Place`], stands once in the table below, and is run
//! on each engine. What is particular to one engine is tested beside it.
//!
//! The invariants, by the numbers that the tests name:
//!
//! 1. UIDs only grow.
//! 2. A UIDVALIDITY never comes back.
//! 3. Each change of a folder has a mod-sequence of its own, higher than all before it.
//! 4. An entry is in exactly one folder.
//! 5. Changes are announced after their commit and before their answer; who asks after waking misses none, and learns of
//!    them in the order of their commits.
//! 6. Counters equal recounting.
//! 7. An account's usage equals the sum of its entries, and stays within its limit.
//! 8. An expunged entry can be brought back until it is purged; then its bytes go.
//! 9. Sessions that take the same entries at once agree on who took which.
//! 10. Every operation for a session is refused, in its own transaction, when its login is void.
//! 11. An operation happens whole or not at all, and is durable when it is answered.
//!
//! `cargo test -p storage conformance::postgresql` runs the rules on one engine. PostgreSQL and the S3 server are found by
//! the variables that `cargo xtask services` prints; without them, their tests are passed over, and say so.

mod access;
mod act;
mod basics;
mod contention;
pub(crate) mod database;
mod deleted;
mod every;
mod fence;
mod invariants;
mod model;
pub(crate) mod place;
mod secrets;

use place::{Kind, Place};

/// Rules by subject, as tests on one kind of place.
macro_rules! on {
    ($kind:expr; $($subject:ident { $($rule:ident)* })*) => {$(
        mod $subject {
            $(
                #[test]
                fn $rule() {
                    super::super::keep($kind, super::super::$subject::$rule);
                }
            )*
        }
    )*};
}

/// The same for rules that make places themselves: for every random case, or at random moments.
macro_rules! at_random_on {
    ($kind:expr; $($subject:ident { $($rule:ident)* })*) => {
        mod at_random {$(
            $(
                #[test]
                fn $rule() {
                    super::super::$subject::$rule($kind);
                }
            )*
        )*}
    };
}

/// The table of all rules.
macro_rules! all_rules_on {
    ($kind:expr) => {
        on! { $kind;
            basics {
                an_account_starts_with_its_folders
                names_are_found
                a_message_comes_and_is_read
                many_messages_are_read_at_once
                flags_copy_move_expunge_and_changes
                folders_are_made_renamed_and_deleted
                a_deleted_folder_lives_on_in_the_names_below_it
                quotas_hold
                recent_is_claimed_once
                all_is_there_after_reopening
                attempts_to_log_in_are_told_and_bounded
                keywords_are_bounded_and_given_back
            }
            deleted {
                an_expunged_entry_comes_back
                a_deleted_folder_comes_back_with_its_entries
                what_comes_back_must_fit
                purging_waits_until_it_is_time_and_goes_in_slices
                a_deleted_account_goes_with_all_that_was_its
                what_is_held_can_be_read_whatever_becomes_of_it
            }
            contention {
                changes_and_raises_happen_one_after_the_other
                every_raise_counts_once
                a_name_is_given_once
                aliases_cross_without_a_deadlock
                a_domain_is_disabled_amid_the_work
            }
            fence {
                a_raised_epoch_voids_earlier_logins_in_its_scope
                what_else_voids_logins
                a_mark_holds_until_a_login_may_be_void
                a_deleted_account_gives_up_its_name_and_keeps_its_mail
                a_deleted_account_comes_back_with_what_is_free
                a_renamed_account_keeps_its_mail_and_none_of_its_logins
                no_write_gets_past_a_raise
                an_abandoned_operation_is_whole_or_not_there
            }
            every {
                operation_refuses_a_void_login
                operation_is_done_or_refused_when_a_raise_answers
                operation_is_whole_or_not_there_when_dropped
            }
            invariants {
                uids_only_grow
                uid_validity_never_comes_back
                mod_sequences_grow_with_each_change
                no_two_changes_share_a_mod_sequence
                an_entry_is_in_exactly_one_folder
                changes_are_announced_in_the_order_of_commits
                counters_equal_recounting
                a_limit_holds_against_several_at_once
                sessions_that_take_the_same_entries_agree
            }
            secrets {
                a_removed_app_password_voids_its_logins_only
                tokens_expire_and_are_spent
                what_revokes_tokens
                a_lost_alias_voids_the_logins_by_it_only
                a_name_that_means_another_is_not_free
                what_takes_an_administrators_logins
            }
            model {
                readers_beside_a_writer_see_whole_changes
            }
        }
        at_random_on! { $kind;
            access { a_login_stands_until_it_is_void_and_never_again }
            model { the_store_does_what_the_model_does }
        }
    };
}

mod embedded {
    all_rules_on!(crate::conformance::place::Kind::Embedded);
}

mod postgresql {
    all_rules_on!(crate::conformance::place::Kind::Postgresql);
}

/// What has to do with the bytes of messages.
mod postgresql_and_s3 {
    on! { crate::conformance::place::Kind::PostgresqlAndS3;
        basics {
            a_message_comes_and_is_read
            many_messages_are_read_at_once
            all_is_there_after_reopening
        }
        deleted {
            purging_waits_until_it_is_time_and_goes_in_slices
            what_is_held_can_be_read_whatever_becomes_of_it
        }
        fence {
            no_write_gets_past_a_raise
        }
    }
    at_random_on! { crate::conformance::place::Kind::PostgresqlAndS3;
        model { the_store_does_what_the_model_does }
    }
}

/// Tries a rule on a place of its own.
fn keep<F: Future<Output = ()>>(kind: Kind, rule: impl FnOnce(Place) -> F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        if let Some(place) = Place::on(kind).await {
            rule(place).await;
        }
    });
}

/// Tries a rule on random cases of `strategy`, each on a place of its own.
fn keep_at_random<T, F>(
    kind: Kind,
    strategy: impl proptest::strategy::Strategy<Value = T>,
    rule: impl Fn(Place, T) -> F,
) where
    T: std::fmt::Debug,
    F: Future<Output = ()>,
{
    use proptest::test_runner::{Config, TestRunner};
    let cases = match kind {
        Kind::Embedded => 24,
        Kind::Postgresql => 5,
        Kind::PostgresqlAndS3 => 2,
    };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if !kind.is_there() {
        return;
    }
    let tried = TestRunner::new(config).run(&strategy, |case| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if let Some(place) = Place::small(kind).await {
                rule(place, case).await;
            }
        });
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}
