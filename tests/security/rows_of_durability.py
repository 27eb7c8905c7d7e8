"""Promises about data that was taken in."""

from __future__ import annotations

from rows_of_neighbours import PLANTED
from security_rows import Row, held

KILLS = "server/test_import_kills::test_an_import_that_is_killed_ends_well_all_the_same"
CLUSTER = "server/test_cluster_faults::test_no_fault_makes_an_answer_untrue"
ORDER = (
    "stores/test_filesystem::test_data_is_safe_before_its_name_and_the_name_before_the_answer"
)
DISK = "stores/test_filesystem::test_a_disk_that_fails_leaves_nothing"
SWEEP = "stores/test_filesystem::test_a_sweep_takes_what_nobody_writes_to"
S3_HOSTS = (
    "stores/test_s3_hosts::"
    "test_what_a_killed_host_was_sending_is_removed_and_the_image_takes_data_again"
)
LOST = "api/test_image_download::test_data_that_was_lost_is_not_served_as_if_it_were_whole"
UNKNOWN = "core/test_unknown_outcomes::test_data_that_was_recorded_after_all_stays"
OBJECTS = "durability/test_verify_objects::"
VERIFY = "durability/test_verify::"
RECOVER = "durability/test_recover::"
POINTS = "server/test_kill_points::"
POWER = "server/test_power_loss::test_what_was_acknowledged_outlives_the_power"
LEFT_OUT = "server/test_power_loss::test_a_sync_that_is_left_out_is_noticed"
PLAYED = "The calls of the real server are played again without what was not synced."
RANDOM = "server/test_random_kills::test_whatever_it_is_doing_when_it_is_killed"
LIMITS = "server/test_process_limits::"
FULL = "server/test_full_disks::"
JUMPS = "core/test_clock_jumps::"
CALLS = "core/test_failing_calls::"

ROWS: dict[str, Row] = {
    "DUR-01": held("an upload outlives a kill", CLUSTER),
    "DUR-02": held("an upload outlives a loss of power", POWER, LEFT_OUT, ORDER, note=PLAYED),
    "DUR-03": held(
        "an image is whole or not there",
        f"{POINTS}test_an_upload_dies",
        f"{POINTS}test_an_import_dies",
        KILLS,
        CLUSTER,
        S3_HOSTS,
    ),
    "DUR-04": held(
        "all facts with the status",
        "api/test_client_answers::test_A7_hashes_are_those_of_the_bytes_that_are_served",
        note="One statement sets them (db/images.py, move_status).",
    ),
    "DUR-05": held(
        "what died leaves nothing",
        f"{POINTS}test_an_upload_dies",
        S3_HOSTS,
        "quotas/test_given_back::test_what_a_dead_process_had_reserved_is_given_back",
        "api/test_image_data_limits::test_an_image_whose_upload_has_died_can_be_deleted",
    ),
    "DUR-06": held("death before the answer", f"{POINTS}test_an_upload_dies", CLUSTER, UNKNOWN),
    "DUR-07": held(
        "a deletion outlives a kill and a loss of power",
        f"{POINTS}test_a_deletion_dies",
        POWER,
        CLUSTER,
    ),
    "DUR-08": held("no active image without data", CLUSTER),
    "DUR-09": held(
        "changes outlive a kill and a loss of power",
        f"{POINTS}test_a_change_dies",
        POWER,
        CLUSTER,
    ),
    "DUR-10": held("an interrupted import", f"{POINTS}test_an_import_dies", KILLS),
    "DUR-11": held(
        "an interrupted copy",
        f"{POINTS}test_a_copy_to_another_store_dies",
        CLUSTER,
        "quotas/test_races::test_many_copies_at_once",
    ),
    "DUR-12": held(
        "all stores or some",
        "imports/test_import::test_one_store_that_fails_takes_the_others_back",
        "imports/test_import::test_a_store_may_fail_where_not_all_must_succeed",
    ),
    "DUR-13": held(
        "data is never written again", "stores/test_contract::test_a_blob_is_never_overwritten"
    ),
    "DUR-14": held("the order of the calls", ORDER),
    "DUR-15": held(
        "recovery leaves the living alone",
        SWEEP,
        "stores/test_s3_hosts::test_parts_of_a_living_upload_stay_whatever_their_age",
    ),
    "DUR-16": held("recovery may be killed", f"{POINTS}test_a_recovery_dies", CLUSTER),
    "DUR-17": held(
        "orphans are reported",
        f"{RECOVER}test_orphans_are_listed_and_stay",
        f"{VERIFY}test_damage_that_shows_is_reported_and_not_served",
    ),
    "DUR-18": held(
        "only what is ours is removed",
        f"{RECOVER}test_orphans_of_known_images_are_removed_when_that_is_said",
        f"{RECOVER}test_data_in_use_is_no_orphan_however_old",
        f"{RECOVER}test_an_orphan_that_came_into_use_meanwhile_stays",
        SWEEP,
        "stores/test_s3_failures::test_a_sweep_takes_old_parts_that_nobody_has_a_lease_on",
        note="An operator has to say so; what the database has never known is never removed.",
    ),
    "DUR-19": held("a sweep beside uploads", SWEEP, CLUSTER),
    "DUR-20": held(
        "parts that are left",
        "stores/test_s3_failures::test_a_sweep_takes_old_parts_that_nobody_has_a_lease_on",
    ),
    "DUR-21": held("what is stored is what is counted", RANDOM, CLUSTER),
    "DUR-22": held(
        "stored data is read again",
        f"{VERIFY}test_damage_that_shows_is_reported_and_not_served",
        f"{VERIFY}test_a_run_that_died_is_gone_on_with",
        f"{VERIFY}test_it_reads_no_faster_than_it_may",
        f"{VERIFY}test_it_is_done_by_itself_when_it_is_due_and_by_one_only",
        f"{OBJECTS}test_a_damaged_object_is_found_by_reading_it_and_not_served",
        f"{OBJECTS}test_a_run_over_objects_that_died_is_gone_on_with",
    ),
    "DUR-23": held(
        "a flipped bit is found",
        f"{VERIFY}test_one_flipped_bit_is_found_by_reading_all",
        f"{VERIFY}test_a_damaged_download_that_is_compared_breaks_off_and_is_noted",
        "server/test_compared_downloads::test_what_is_damaged_is_never_a_whole_answer",
        note="Downloads are compared where verify_downloads says so.",
    ),
    "DUR-24": held(
        "a good copy in place of a bad one",
        f"{VERIFY}test_the_good_copy_is_served_until_the_other_is_repaired",
        f"{VERIFY}test_every_kind_of_damage_is_repaired",
        f"{OBJECTS}test_an_object_is_written_anew_from_another_store",
        f"{VERIFY}test_a_copy_is_not_repaired_from_one_that_is_damaged_too",
        "locations/test_data_elsewhere::test_another_location_stands_in_for_one_that_has_changed",
    ),
    "DUR-25": held("another size is no answer", LOST),
    "DUR-26": held(
        "data read back",
        "stores/test_contract::test_what_is_put_in_comes_out",
        "stores/test_contract::test_large_data_comes_out_as_it_was_whatever_was_expected",
    ),
    "DUR-27": held(
        "every byte as it was",
        "stores/test_contract::test_what_is_put_in_comes_out",
        "api/test_image_data::test_data_comes_back_as_it_was_sent",
    ),
    "DUR-28": held(
        "a database restored beside the store",
        f"{RECOVER}test_orphans_are_listed_and_stay",
        f"{VERIFY}test_damage_that_shows_is_reported_and_not_served",
    ),
    "DUR-29": held(
        "a copy of the database",
        "durability/test_copied_while_written::test_it_is_whole_and_has_what_was_written_before",
        "db/test_copying::test_a_copy_says_the_same",
        "db/test_copying::test_a_source_that_changes_meanwhile_is_noticed",
        note="A move to another database is refused while rows are written.",
    ),
    "DUR-30": held(
        "a full disk",
        f"{FULL}test_a_store_that_is_full_takes_data_again_when_there_is_room",
        f"{CALLS}test_an_upload_is_whole_or_not_there",
        f"{CALLS}test_an_import_fails_or_succeeds",
        DISK,
    ),
    "DUR-31": held(
        "a database that is full or read-only",
        f"{FULL}test_a_database_on_a_full_disk_is_read_and_changes_again_when_there_is_room",
        "db/test_read_only::test_a_replica_is_read_and_says_that_it_takes_no_changes",
        "core/test_unknown_outcomes::test_data_that_was_not_recorded_is_removed",
    ),
    "DUR-32": held("a disk that fails", f"{CALLS}test_a_deletion_is_done_or_not", DISK, LOST),
    "DUR-33": held(
        "a store that is away",
        "stores/test_filesystem::test_a_store_that_is_away_says_so",
        DISK,
        PLANTED,
    ),
    "DUR-34": held(
        "a database that is away",
        "api/test_database_failures::test_a_database_that_fails_is_a_reason_to_try_again",
        "db/test_failures::test_a_database_that_was_away_is_used_again",
        CLUSTER,
    ),
    "DUR-35": held(
        "a commit whose outcome nobody knows",
        UNKNOWN,
        "core/test_unknown_outcomes::test_data_that_was_not_recorded_is_removed",
    ),
    "DUR-36": held(
        "an object store that is away",
        "stores/test_s3_failures::test_an_object_store_that_goes_away_fails_the_upload_and_no_later_one",
        "stores/test_s3_images::"
        "test_while_the_engine_is_away_an_image_stays_queued_and_takes_data_afterwards",
    ),
    "DUR-37": held(
        "an object store that lies",
        "stores/test_s3_failures::test_a_download_that_breaks_goes_on_where_it_stood",
        "stores/test_s3_failures::test_a_download_does_not_go_on_in_another_object",
        "stores/test_s3_failures::test_every_answer_to_the_end_of_an_upload_may_be_lost",
    ),
    "DUR-38": held(
        "a slow client",
        "security/test_trickling_clients::test_T_HTTP_3_data_that_trickles_is_given_up",
        "quotas/test_given_back::test_an_upload_that_breaks_off_gives_everything_back",
    ),
    "DUR-39": held(
        "a client that goes away",
        "server/test_http_downloads::test_a_client_that_leaves_in_the_middle_keeps_nothing_open",
        "server/test_http_server::test_a_client_that_is_killed_leaves_nothing",
    ),
    "DUR-40": held(
        "a clock that jumps",
        f"{JUMPS}test_an_upload_that_goes_on_keeps_its_image",
        f"{JUMPS}test_an_upload_that_died_is_given_up_when_its_time_has_passed",
        f"{JUMPS}test_a_task_stays_with_its_worker_and_goes_on_when_that_dies",
        f"{JUMPS}test_what_is_fresh_is_not_collected",
        f"{JUMPS}test_tokens_end_by_the_clock_of_the_wall",
        note="Deletions that scrub_time delays are due by the clock of the wall.",
    ),
    "DUR-41": held(
        "limits of the process",
        f"{LIMITS}test_a_file_may_become_no_larger",
        f"{LIMITS}test_the_database_may_not_grow",
        f"{LIMITS}test_no_more_files_can_be_opened",
        f"{LIMITS}test_there_is_no_memory_for_another_thread",
        f"{LIMITS}test_requests_wait_for_the_threads_that_are_there",
        f"{LIMITS}test_a_process_that_cannot_be_replaced_yet_takes_no_other_with_it",
        "stores/test_streams::test_without_a_thread_the_hashes_are_made_all_the_same",
        "imports/test_taking_over::test_a_task_waits_for_a_thread_that_keeps_its_lease",
        "events/test_drivers::test_without_a_thread_messages_wait_for_the_next",
        "cache/test_cache_filling::test_without_a_thread_it_is_fetched_when_one_can_be_had",
        "test_threads::test_work_waits_for_the_threads_that_are_there",
        "test_threads::test_what_waits_has_threads_once_they_can_be_had",
        "test_threads::test_without_any_thread_whoever_submits_does_the_work",
        note="Where nothing at all can be allocated Python itself gives up; that is kill -9.",
    ),
    "DUR-42": held(
        "upgrades",
        "db/test_migrations::test_databases_of_the_first_releases_are_as_new_ones",
        "db/test_migrations::test_a_broken_upgrade_is_completed_by_the_next",
        "db/test_database_commands::test_a_newer_database_is_refused",
    ),
}
