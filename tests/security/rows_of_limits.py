"""Every limit: the option that sets it, what is answered beyond it, and what proves it."""

from __future__ import annotations

import dataclasses

from security_rows import Row, held

CREATE = "api/test_image_create::"
KEPT = f"{CREATE}test_what_may_be_said_is_kept"
REFUSED = f"{CREATE}test_what_may_not_be_said_is_refused"
FAR = "api/test_far_above::test_far_too_much_is_refused"
ASKED = "api/test_request_limits::"
HEADS = "server/test_header_limits::"
QUERIES = "api/test_hostile_queries::"
OPTIONS = "api/test_options::"
COUNTS = "quotas/test_counts::"
TURNS = "imports/test_turns_of_projects::"
PARTS = "stores/test_s3_parts::"
TRANSFERS = "quotas/test_transfers::"
SLOW = "security/test_slow_clients::"
TRICKLE = "security/test_trickling_clients::"
RATES = "quotas/test_rates::"
SESSIONS = "dashboard/test_session_limits::"
PASSWORDS = "identity/test_passwords::"
METADEFS = "metadefs/test_namespaces::test_there_are_limits"


@dataclasses.dataclass(frozen=True)
class Limit:
    """``options`` that set it, by section and name, or the words of one that is ``fixed``."""

    row: Row
    answer: str
    options: tuple[str, ...] = ()
    fixed: str = ""


def set_by(options: str, answer: str, row: Row) -> Limit:
    return Limit(row, answer, tuple(options.split()))


def fixed(value: str, answer: str, row: Row) -> Limit:
    return Limit(row, answer, fixed=value)


_LIMITS = [
    set_by(
        "max_request_line",
        "414",
        held("first line of a request", f"{HEADS}test_the_first_line_is_only_so_long"),
    ),
    set_by(
        "max_header_line", "431", held("one header", f"{HEADS}test_a_header_is_only_so_long")
    ),
    set_by(
        "max_headers",
        "431",
        held("headers of a request", f"{HEADS}test_there_are_only_so_many_headers"),
    ),
    set_by(
        "max_request_id_length",
        "431",
        held(
            "characters of X-OpenStack-Request-ID",
            f"{OPTIONS}test_max_request_id_length",
            note="Refused as Glance does, not replaced.",
        ),
    ),
    set_by(
        "max_json_body",
        "413",
        held(
            "bytes of a JSON body",
            f"{OPTIONS}test_max_json_body",
            "api/test_hostile_json::test_a_body_that_is_too_large_is_refused",
            "api/test_hostile_json::test_a_body_of_one_mib_is_read",
            note="64 KiB for logins; of the other bodies that are small by nature none has a "
            "limit of its own.",
        ),
    ),
    set_by("max_json_depth", "400", held("depth of JSON", f"{ASKED}test_json_is_only_so_deep")),
    set_by(
        "max_patch_operations",
        "413",
        held("operations of one PATCH", f"{ASKED}test_a_patch_has_only_so_many_operations"),
    ),
    fixed("255", "400", held("characters of an image's name", KEPT, REFUSED, FAR)),
    fixed("255", "400", held("characters of a property's name", KEPT, REFUSED, FAR)),
    fixed("65535", "400", held("bytes of a property's value", KEPT, REFUSED, FAR)),
    set_by(
        "image_property_quota",
        "413",
        held(
            "properties of an image",
            KEPT,
            REFUSED,
            FAR,
            f"{CREATE}test_negative_quotas_are_none",
            "api/test_image_patch_changes::test_the_limit_of_properties_is_judged_on_the_result",
        ),
    ),
    set_by(
        "image_tag_quota",
        "413",
        held(
            "tags of an image",
            KEPT,
            REFUSED,
            FAR,
            f"{CREATE}test_negative_quotas_are_none",
            "api/test_tags::test_tag_129_is_too_many",
        ),
    ),
    fixed(
        "255",
        "400",
        held(
            "characters of a tag", "api/test_tags::test_a_tag_is_stored_as_it_was_written", FAR
        ),
    ),
    set_by(
        "image_member_quota",
        "413",
        held(
            "members of an image",
            f"{OPTIONS}test_image_member_quota",
            "api/test_members::test_member_129_is_too_many_even_if_it_is_one_already",
        ),
    ),
    fixed(
        "255",
        "400",
        held(
            "characters of a member's id",
            "api/test_members::test_nothing_checks_that_a_project_exists",
            FAR,
        ),
    ),
    set_by(
        "image_location_quota",
        "413",
        held(
            "locations of an image",
            "locations/test_location_changes::test_the_locations_of_an_image_are_limited",
        ),
    ),
    fixed("0 to 2147483647", "400", held("min_disk and min_ram", KEPT, REFUSED, FAR)),
    set_by(
        "limit_param_default api_limit_max",
        "cut",
        held(
            "images of a page",
            f"{OPTIONS}test_limit_param_default_and_api_limit_max",
            f"{QUERIES}test_a_huge_limit_is_cut_or_refused",
        ),
    ),
    set_by(
        "max_sort_keys",
        "400",
        held("sort keys of a list", f"{ASKED}test_a_list_has_only_so_many_sort_keys"),
    ),
    set_by(
        "max_property_filters",
        "400",
        held(
            "filters of a list on properties and tags",
            f"{ASKED}test_a_list_has_only_so_many_filters",
        ),
    ),
    set_by(
        "max_filter_values",
        "400",
        held("values of an in: filter", f"{ASKED}test_a_filter_has_only_so_many_values"),
    ),
    set_by(
        "image_size_cap",
        "413",
        held(
            "bytes of an image",
            "api/test_image_data_limits::"
            "test_the_largest_image_is_taken_and_a_larger_one_is_not",
            "core/test_fetching_bodies::test_data_without_end_is_cut_at_the_limit",
        ),
    ),
    fixed(
        "1 EiB",
        "415",
        held(
            "virtual size that data claims",
            "formats/test_formats::test_content_is_judged_as_the_table_says",
        ),
    ),
    set_by(
        "user_storage_quota",
        "413",
        held(
            "bytes that a project stores",
            f"{OPTIONS}test_user_storage_quota",
            "quotas/test_storage::test_a_project_takes_in_as_much_as_it_may",
            "quotas/test_races::test_many_send_data_at_once",
            note="Of one project: `glance-shim quota set image_size_total`.",
        ),
    ),
    fixed(
        "none unless set",
        "413",
        held(
            "MiB that a project has waiting to be imported",
            "quotas/test_storage::test_a_project_takes_in_as_much_as_it_may",
            "quotas/test_storage::test_what_waits_and_what_is_stored_are_counted_apart",
            note="`glance-shim quota set image_stage_total`.",
        ),
    ),
    fixed(
        "none unless set",
        "413",
        held(
            "images of a project",
            f"{COUNTS}test_61_a_project_has_as_many_images_as_it_may",
            f"{COUNTS}test_what_is_far_above_a_lowered_limit_stays",
            note="`glance-shim quota set image_count_total`.",
        ),
    ),
    fixed(
        "none unless set",
        "413",
        held(
            "images of a project with data on its way",
            f"{COUNTS}test_62_no_data_is_taken_in_where_none_may_be_on_its_way",
            f"{COUNTS}test_one_upload_at_a_time_is_one_upload_at_a_time",
            "quotas/test_races::test_many_begin_to_send_data_at_once",
            note="`glance-shim quota set image_count_uploading`.",
        ),
    ),
    set_by(
        "max_uploads",
        "503, Retry-After",
        held(
            "uploads at once of a server",
            f"{TRANSFERS}test_so_many_uploads_are_taken_and_no_more",
            "server/test_transfers_at_once::test_of_many_slow_uploads_so_many_are_taken",
            "dashboard/test_upload::test_a_server_full_of_transfers_says_so_in_the_browser_too",
        ),
    ),
    set_by(
        "max_downloads",
        "503, Retry-After",
        held(
            "downloads at once of a server",
            f"{TRANSFERS}test_so_many_downloads_are_made_and_no_more",
            f"{TRANSFERS}test_threads_are_left_to_small_requests",
            note="Workers times threads, less a sixteenth, is a limit too: 120 by default.",
        ),
    ),
    set_by(
        "recovery.empty_days",
        "reported",
        held(
            "days that an image may have no data",
            "durability/test_recover::"
            "test_images_that_stay_without_data_are_listed_and_left_alone",
        ),
    ),
    set_by(
        "client_socket_timeout min_upload_rate min_upload_rate_seconds",
        "400, closed; image queued",
        held(
            "idle gap and least rate of an upload",
            "security/test_slow_clients::test_T_HTTP_3_uploads_that_stop_are_given_up",
            f"{TRICKLE}test_T_HTTP_3_data_that_trickles_is_given_up",
            f"{TRICKLE}test_DUR_38_data_that_comes_fast_enough_is_waited_for",
            "core/test_pace::test_exactly_the_least_is_enough_time_after_time",
            "core/test_pace::test_less_is_not",
        ),
    ),
    set_by(
        "client_header_timeout",
        "closed",
        held(
            "seconds for the head of a request",
            f"{TRICKLE}test_T_HTTP_3_a_head_that_trickles_is_given_up",
            f"{TRICKLE}test_T_HTTP_3_a_second_head_that_trickles_is_given_up",
            "server/test_http_worker::test_heads_that_come_slowly_hold_no_thread",
        ),
    ),
    set_by(
        "keepalive_timeout",
        "closed",
        held(
            "idle seconds of a connection",
            "security/test_slow_clients::test_H_39_connections_that_stay_idle_are_outlasted",
            "security/test_slow_clients::test_H_39_kept_connections_stop_nobody",
        ),
    ),
    set_by(
        "task.at_once_per_project task.workers task.max_waiting",
        "queued; 413 beyond those that wait",
        held(
            "imports at once of a project and of a process, and those that wait",
            f"{TURNS}test_so_many_imports_wait_and_no_more",
            f"{TURNS}test_of_many_who_ask_at_once_no_more_wait",
            "server/test_quotas_of_processes::"
            "test_a_crowd_of_importers_waits_for_no_turn_too_many",
            f"{TURNS}test_so_many_tasks_of_an_administrator_wait_and_no_more",
            f"{TURNS}test_a_project_has_two_tasks_done_at_once",
            f"{TURNS}test_many_workers_at_once_take_no_more_than_two",
            note="Those that wait are counted for each project, so that none fills the queue "
            "for all.",
        ),
    ),
    fixed(
        "1 hour",
        "409 before",
        held(
            "an import lock without progress",
            "imports/test_import_edge_cases::test_35_36_a_lock_that_nobody_uses_is_taken",
        ),
    ),
    fixed(
        "1",
        "one after the other",
        held(
            "stores that one import writes to at once",
            "imports/test_import::test_one_store_that_fails_takes_the_others_back",
        ),
    ),
    set_by(
        "import_filtering_opts.allowed_schemes import_filtering_opts.allowed_ports",
        "400, or the task fails",
        held(
            "where web-download leads",
            "core/test_fetching_redirects::test_five_redirects_are_followed_and_no_more",
            "core/test_fetching::test_only_http_and_https_can_be_fetched",
            "core/test_fetching_bodies::test_a_source_that_stops_is_given_up",
            note="Five redirects, 10 s to connect and a gap of 60 s are fixed.",
        ),
    ),
    set_by(
        "task.task_time_to_live",
        "forgotten",
        held(
            "hours of a task after its end",
            "imports/test_turns_of_projects::test_a_task_that_has_ended_is_forgotten",
        ),
    ),
    set_by(
        "image_cache_max_size image_cache_stall_time",
        "pruned",
        held(
            "bytes of the cache, and seconds of an entry that stalls",
            "cache/test_cache_contents::"
            "test_the_cache_never_holds_more_than_its_size_and_one_image",
            "cache/test_cache_contents::test_cleaning_drops_downloads_that_have_stalled",
        ),
    ),
    fixed(
        "options of each S3 store",
        "larger parts",
        held(
            "size and number of the parts of an object",
            f"{PARTS}test_an_object_of_as_many_parts_as_there_may_be_is_whole",
            f"{PARTS}test_one_part_more_is_refused_and_leaves_nothing",
            f"{PARTS}test_what_would_be_too_many_parts_goes_in_larger_ones",
            f"{PARTS}test_an_object_that_is_announced_never_needs_more_than_there_may_be",
            f"{PARTS}test_nor_does_one_of_the_largest_image_whose_length_nobody_has_said",
            "stores/test_s3_images::"
            "test_while_the_engine_is_away_an_image_stays_queued_and_takes_data_afterwards",
        ),
    ),
    fixed(
        "80, 80, 500",
        "400",
        held(
            "characters of metadata definitions' names, display names and descriptions",
            "metadefs/test_metadef_edge_cases::test_a_request_is_answered",
        ),
    ),
    set_by(
        "metadef_namespace_limit metadef_object_limit metadef_property_limit metadef_tag_limit",
        "413",
        held(
            "metadata definitions",
            METADEFS,
            "metadefs/test_namespaces::test_what_is_sent_with_a_namespace_is_limited_too",
        ),
    ),
    fixed(
        "1",
        "400",
        held(
            "ranges of a download",
            "api/test_ranges::test_several_ranges_are_refused",
            "api/test_ranges::test_very_many_ranges_are_refused",
        ),
    ),
    set_by(
        "rate_limit.project_rate rate_limit.project_burst rate_limit.address_rate "
        "rate_limit.address_burst",
        "429, Retry-After",
        held(
            "calls a second of a project and of an address",
            f"{RATES}test_a_burst_is_taken_and_then_so_many_a_second",
            f"{RATES}test_a_project_that_calls_too_often_is_told_how_long_to_wait",
            f"{RATES}test_an_address_that_guesses_is_told_to_wait",
            note="Off unless set, whatever knows the users.",
        ),
    ),
    set_by(
        "identity.login_failures identity.login_failures_wait "
        "identity.login_failures_of_address identity.login_failures_of_account",
        "429, Retry-After",
        held(
            "failed logins",
            f"{PASSWORDS}test_the_sixth_try_in_a_row_waits",
            f"{PASSWORDS}test_an_address_with_many_failures_waits_for_every_account",
            f"{ASKED}test_passwords_are_guessed_only_so_often",
        ),
    ),
    fixed(
        "1 to 1024 bytes",
        "400",
        held(
            "length of a password",
            f"{PASSWORDS}test_a_password_of_unusable_length_is_400_without_hashing",
            f"{PASSWORDS}test_passwords_are_compared_whole",
        ),
    ),
    set_by(
        "identity.token_expiration",
        "401",
        held(
            "seconds of a token", "identity/test_tokens::test_a_token_is_valid_until_it_expires"
        ),
    ),
    set_by(
        "keystone_authtoken.token_cache_time",
        "asked again",
        held(
            "seconds and number of Keystone's tokens that are remembered",
            "identity/test_keystone_memory::test_of_more_tokens_than_are_remembered_"
            "the_longest_unused_is_asked_about_again",
            "identity/test_keystone_memory::test_tokens_that_are_made_up_drive_out_no_real_one",
            "identity/test_keystone_memory::"
            "test_what_is_remembered_takes_little_of_a_large_catalog",
            "keystone/test_keystone_tokens::test_a_revoked_token_ends_with_what_is_remembered",
        ),
    ),
    set_by(
        "dashboard_session_idle dashboard_session_life dashboard_sessions_per_user",
        "login again",
        held(
            "sessions in browsers",
            f"{SESSIONS}test_one_user_is_logged_in_in_so_many_browsers_only",
            f"{SESSIONS}test_a_session_rests_so_long_only",
            f"{SESSIONS}test_a_session_lives_so_long_only",
        ),
    ),
    set_by(
        "free_space_percent free_space_mib",
        "413",
        held(
            "space left free in each store of files",
            "stores/test_free_space::test_the_larger_of_both_is_kept_but_half_a_disk_at_most",
            "stores/test_free_space::"
            "test_data_that_takes_the_reserve_is_refused_before_it_is_read",
            "stores/test_free_space::test_data_of_unknown_length_ends_where_the_reserve_begins",
        ),
    ),
    set_by(
        "verification.light_hours verification.deep_hours verification.rate",
        "read again",
        held(
            "how often data is verified",
            "durability/test_verify::test_it_reads_no_faster_than_it_may",
            "durability/test_verify::test_it_is_done_by_itself_when_it_is_due_and_by_one_only",
        ),
    ),
    set_by(
        "recovery.orphan_hours",
        "reported",
        held(
            "hours before data is an orphan",
            "durability/test_recover::test_orphans_are_listed_and_stay",
        ),
    ),
    set_by(
        "graceful_timeout",
        "cut",
        held(
            "seconds of transfers after a stop",
            "acceptance/test_quickstart::TestAStop",
            note="An hour, not 30 s: large images take long.",
        ),
    ),
    fixed(
        "`max_request_line` and 8 of `max_header_line`",
        "431, or 414 if it is one line",
        held("bytes of a head", f"{HEADS}test_a_head_that_does_not_end_is_refused"),
    ),
    set_by(
        "client_socket_timeout",
        "400, closed",
        held(
            "seconds for a body of less than 100 kB",
            f"{SLOW}test_T_HTTP_3_small_bodies_that_stop_hold_no_thread",
            "server/test_http_worker::test_small_bodies_that_come_slowly_hold_no_thread",
            f"{SLOW}test_a_small_body_that_comes_in_pieces_is_taken",
            note="Until it is whole no thread has its request.",
        ),
    ),
    fixed(
        "99,999 bytes, announced and sent at once",
        "411, 413 or 417",
        held(
            "bytes and form of what somebody sends who is not logged in",
            f"{SLOW}test_T_HTTP_3_nobody_waits_for_what_strangers_hold_back",
        ),
    ),
]
LIMITS = {f"L-{number:02}": limit for number, limit in enumerate(_LIMITS, 1)}
ROWS: dict[str, Row] = {row_id: limit.row for row_id, limit in LIMITS.items()}
