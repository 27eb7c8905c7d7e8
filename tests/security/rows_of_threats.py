"""Threats, by the part of the service that they aim at."""

from __future__ import annotations

from rows_of_glance import BY_ID, LISTS, S3_SECRETS, S3_WRONG
from rows_of_neighbours import ENDS, MODES, PLANTED, REFUSALS, TEXT
from security_rows import Row, held

HOSTILE = "api/test_hostile_json::"
INPUT = "api/test_hostile_input::"
QUERIES = "api/test_hostile_queries::"
PARSER = "server/test_http_parser::"
SERVER = "server/test_http_server::"
AUTH = "identity/test_authentication::"
PASSWORDS = "identity/test_passwords::"
SAFETY = "dashboard/test_safety::"
FORMS = "dashboard/test_forms_attacked::"
SESSIONS = "dashboard/test_sessions_attacked::"
LOGINS = "dashboard/test_browser_logins::"
WHOSE = "durability/test_whose_stores::"

IDENTITY: dict[str, Row] = {
    "T-AUTH-1": held(
        "a forged token",
        "identity/test_tokens::test_an_altered_token_is_refused",
        "identity/test_tokens::test_all_refusals_look_the_same",
        "identity/test_tokens::test_the_database_does_not_hold_the_token",
    ),
    "T-AUTH-2": held(
        "a token past its end",
        ENDS,
        "identity/test_tokens::test_a_token_is_valid_until_it_expires",
        "identity/test_tokens::test_validation_looks_at_the_present_state",
        "keystone/test_keystone_tokens::test_a_revoked_token_ends_with_what_is_remembered",
        "keystone/test_keystone_tokens::test_without_a_cache_a_revoked_token_ends_at_once",
    ),
    "T-AUTH-3": held(
        "identity headers of a client",
        f"{AUTH}test_a_header_about_identity_alone_lets_nobody_in",
        f"{AUTH}test_all_headers_about_identity_change_nothing",
        "server/test_identity_server::test_forged_headers_change_nothing",
        f"{PARSER}test_a_header_with_underscores_is_not_taken_for_another",
    ),
    "T-AUTH-4": held(
        "access without a token",
        f"{AUTH}test_every_other_route_needs_a_token",
        "security/test_openapi_fuzzed::test_no_operation_fails_whatever_it_is_sent",
    ),
    "T-AUTH-5": held(
        "a cache of tokens that is poisoned or grows",
        "keystone/test_keystone_tokens::test_what_is_no_token_is_refused_with_the_way_to_get_one",
        "keystone/test_keystone_tokens::test_a_token_is_not_believed_beyond_its_end",
        note="It is a cachetools.TTLCache of fixed size, keyed by a hash.",
    ),
    "T-AUTH-6": held(
        "an identity service that is away",
        "keystone/test_keystone_tokens::test_a_new_token_waits_for_keystone",
        "keystone/test_outages::test_keystone_may_go_and_come_back_under_load",
    ),
    "T-AUTH-7": held(
        "a service token used for more",
        f"{AUTH}test_a_service_may_go_on_with_an_expired_token",
        f"{AUTH}test_a_service_token_does_not_bring_back_who_was_shut_out",
        "keystone/test_service_tokens::test_a_service_goes_on_with_an_expired_token",
    ),
    "T-AUTH-8": held(
        "roles spelt otherwise", "identity/test_tokens::test_unknown_roles_cannot_be_granted"
    ),
    "T-AUTH-9": held(
        "a token of another scope",
        "identity/test_logins::test_an_unscoped_token_is_for_nothing",
        "keystone/test_keystone_tokens::test_roles_of_another_scope_than_a_project_are_worth_nothing",
    ),
    "T-AUTH-05": held(
        "an account with a known password",
        "acceptance/test_quickstart::test_started_again_it_has_its_data",
        note="Passwords are made at random and written to one file for the owner.",
    ),
    "T-PW-1": held(
        "weak storage of passwords",
        f"{PASSWORDS}test_equal_passwords_have_different_hashes",
        f"{PASSWORDS}test_passwords_are_compared_whole",
        f"{PASSWORDS}test_a_hash_with_old_parameters_is_replaced_at_login",
    ),
    "T-PW-2": held(
        "hashing that takes the service down",
        f"{PASSWORDS}test_few_passwords_are_checked_at_once",
        f"{PASSWORDS}test_a_password_of_unusable_length_is_400_without_hashing",
        "server/test_identity_server::test_many_logins_at_once_do_not_stop_the_rest",
    ),
    "T-PW-3": held(
        "guessing",
        f"{PASSWORDS}test_the_sixth_try_in_a_row_waits",
        f"{PASSWORDS}test_an_address_with_many_failures_waits_for_every_account",
        f"{PASSWORDS}test_an_account_with_many_failures_is_slow_from_anywhere",
        f"{PASSWORDS}test_parallel_tries_do_not_slip_through",
    ),
    "T-PW-4": held(
        "accounts told by time or text",
        REFUSALS,
        f"{PASSWORDS}test_an_unknown_user_costs_what_a_known_one_does",
    ),
    "T-PW-5": held(
        "secrets compared in variable time",
        "security/test_sources::test_P_27_secrets_are_not_compared_by_the_usual_operator",
        "identity/test_tokens::test_the_database_does_not_hold_the_token",
        note="See P-27.",
    ),
    "T-PW-6": held(
        "passwords in logs and arguments",
        "identity/test_logins::test_nothing_that_was_typed_is_repeated",
        "identity/test_identity_cli::test_no_command_takes_a_password_as_an_argument",
        f"{SESSIONS}test_neither_a_page_nor_a_log_nor_a_cookie_shows_a_token_or_a_password",
    ),
}

JSON: dict[str, Row] = {
    "T-JSON-1": held(
        "deep nesting",
        f"{HOSTILE}test_deep_nesting_is_refused",
        f"{HOSTILE}test_nesting_is_counted_to_32_and_not_in_text",
    ),
    "T-JSON-2": held(
        "a large body",
        f"{HOSTILE}test_a_body_that_is_too_large_is_refused",
        f"{HOSTILE}test_a_body_of_one_mib_is_read",
    ),
    "T-JSON-3": held(
        "numbers that are none", f"{HOSTILE}test_numbers_that_are_none_are_refused"
    ),
    "T-JSON-4": held("a key twice", f"{HOSTILE}test_a_key_given_twice_is_refused"),
    "T-JSON-5": held(
        "odd numbers",
        f"{HOSTILE}test_a_number_out_of_range_is_refused",
        f"{HOSTILE}test_numbers_of_thousands_of_digits_are_refused",
    ),
    "T-JSON-6": held(
        "odd text",
        f"{HOSTILE}test_text_that_no_database_takes_is_refused",
        f"{HOSTILE}test_what_is_no_json_in_utf_8_is_refused",
        f"{HOSTILE}test_control_characters_are_for_values_and_not_for_names",
        f"{HOSTILE}test_characters_outside_the_basic_plane_are_refused",
    ),
    "T-JSON-7": held(
        "another type of document",
        f"{HOSTILE}test_a_document_of_another_type_is_refused",
        "api/test_image_patch::test_other_media_types_are_refused_and_the_right_ones_named",
        "api/test_image_data::test_other_media_types_are_refused_before_anything_else",
    ),
    "T-JSON-8": held(
        "tricks in a patch",
        "api/test_image_patch::test_a_path_that_is_no_pointer_to_one_property_is_refused",
        f"{HOSTILE}test_a_patch_has_at_most_200_operations",
        f"{HOSTILE}test_names_that_mean_something_elsewhere_are_plain_properties",
    ),
    "T-JSON-9": held(
        "names that look alike", f"{HOSTILE}test_a_name_that_looks_like_a_base_property_is_none"
    ),
}

HTTP: dict[str, Row] = {
    "T-HTTP-1": held(
        "smuggled requests",
        f"{PARSER}test_a_request_of_two_meanings_is_refused",
        f"{PARSER}test_after_malformed_chunks_nothing_more_is_answered",
        f"{PARSER}test_a_body_that_nobody_reads_is_not_taken_for_a_request",
        f"{PARSER}test_a_first_line_that_is_none_is_refused",
        f"{PARSER}test_two_hosts_are_refused",
    ),
    "T-HTTP-2": held(
        "a cut upload taken for whole",
        f"{SERVER}test_a_body_shorter_than_its_length_is_no_upload",
        f"{SERVER}test_chunks_without_their_end_are_no_upload",
        f"{SERVER}test_a_wrong_size_header_is_no_upload",
        f"{INPUT}test_a_declared_size_has_digits_and_blanks_only",
    ),
    "T-HTTP-3": held(
        "slow clients",
        "core/test_pace::test_less_is_not",
        "server/test_http_worker::test_heads_that_come_slowly_hold_no_thread",
        "server/test_http_worker::test_small_bodies_that_come_slowly_hold_no_thread",
        note="A download has no rate of its own: the kernel makes room by large pieces, of "
        "which one has to leave within client_socket_timeout.",
    ),
    "T-HTTP-4": held(
        "large heads",
        f"{PARSER}test_a_header_has_a_largest_size",
        f"{PARSER}test_a_request_has_a_largest_number_of_headers",
        f"{PARSER}test_an_address_has_a_largest_length",
    ),
    "T-HTTP-5": held(
        "odd ranges",
        "api/test_ranges::test_a_range_is_cut_from_the_data",
        "api/test_ranges::test_what_is_no_range_of_the_data_is_refused",
        "api/test_ranges::test_several_ranges_are_refused",
        "api/test_ranges::test_very_many_ranges_are_refused",
        "api/test_ranges::test_no_range_lies_in_an_empty_image",
    ),
    "T-HTTP-6": held(
        "an upload with a range or a coding",
        "api/test_image_data::test_encoded_data_is_stored_byte_for_byte",
        "api/test_image_data::test_a_range_in_an_upload_changes_nothing",
    ),
    "T-HTTP-7": held(
        "data that grows when unpacked",
        "api/test_image_data::test_encoded_data_is_stored_byte_for_byte",
        "imports/test_import::test_an_import_that_fails_can_be_tried_again",
        "imports/test_plugins::TestDecompression::test_a_bomb_is_bounded",
        note="Imports unpack only where an operator has asked for the plugin.",
    ),
    "T-HTTP-8": held(
        "a Host header that others read",
        "api/test_hosts::test_with_a_public_endpoint_no_other_host_stands_anywhere",
        "api/test_hosts::test_where_hosts_are_named_others_are_refused",
        "api/test_hosts::test_what_names_no_host_is_refused_and_stands_nowhere",
        "api/test_hosts::test_without_one_forwarded_hosts_stand_nowhere",
        "api/test_versions::test_forwarded_headers_count_only_where_the_operator_says_so",
        f"{PARSER}test_two_hosts_are_refused",
        f"{PARSER}test_a_host_that_is_none_is_refused",
        "cli/test_doctor::test_a_request_shall_not_say_where_links_lead",
        note="Without public_endpoint and allowed_hosts links name the host that was asked "
        "for, as with Glance; glance-shim doctor says so.",
    ),
    "T-HTTP-9": held(
        "confusing paths",
        "api/test_http::test_confusing_paths_lead_nowhere",
        "api/test_http::test_repeated_slashes_are_tolerated_and_nothing_is_redirected",
        f"{PARSER}test_nothing_of_an_address_becomes_a_header_or_a_redirect",
    ),
    "T-HTTP-10": held(
        "odd methods",
        "api/test_http::test_a_method_that_a_path_has_not_is_refused_and_the_others_named",
        "api/test_http::test_an_odd_method_on_an_unknown_path_is_not_implemented",
    ),
    "T-HTTP-11": held(
        "other origins",
        "api/test_cors_and_health::test_other_origins_get_nothing_by_default",
        "api/test_cors_and_health::test_credentials_never_go_with_every_origin",
    ),
    "T-HTTP-12": held(
        "a split answer",
        f"{INPUT}test_names_with_line_ends_do_not_split_an_answer",
        f"{PARSER}test_odd_header_values_are_not_errors_of_ours",
    ),
    "T-HTTP-13": held(
        "memory of a transfer", "server/test_memory::test_memory_does_not_grow_with_the_image"
    ),
    "T-HTTP-14": held("forged lines in the log"),
    "T-HTTP-15": held(
        "a health check that tells too much",
        "api/test_cors_and_health::test_the_health_check_tells_nothing_about_the_service",
        "api/test_readiness::test_without_detail_it_does_not_say_what_is_missing",
    ),
}

NAMES: dict[str, Row] = {
    "T-PATH-1": held(
        "an id that is a path",
        f"{INPUT}test_what_is_no_id_leads_nowhere",
        f"{INPUT}test_what_is_no_id_is_not_made_one",
        "stores/test_contract::test_other_names_than_ours_never_become_names_of_blobs",
    ),
    "T-PATH-2": held(
        "a store that is not there, or reserved",
        "api/test_image_data_limits::test_a_store_that_there_is_not_is_refused",
        "api/test_image_download::test_a_download_may_prefer_a_store",
        "imports/test_import::test_what_makes_no_sense_is_refused_at_once",
    ),
    "T-PATH-3": held(
        "a member that is no name",
        "api/test_members::test_an_offer_to_nobody_is_refused_before_the_image_is_looked_up",
        f"{INPUT}test_names_stay_data",
    ),
    "T-PATH-4": held(
        "names that mean something elsewhere",
        f"{INPUT}test_names_stay_data",
        f"{INPUT}test_a_name_that_is_a_path_of_another_image_reaches_neither",
        "api/test_tags::test_a_tag_is_stored_as_it_was_written",
    ),
    "T-PATH-5": held(
        "names in keys of objects",
        f"{INPUT}test_the_place_of_data_does_not_come_from_names",
        "stores/test_contract::test_other_names_than_ours_never_become_names_of_blobs",
    ),
    "T-SQL-1": held(
        "SQL in a query",
        f"{QUERIES}test_a_query_cannot_be_changed_from_outside",
        f"{QUERIES}test_order_and_page_are_taken_from_fixed_words",
        f"{QUERIES}test_other_sort_keys_are_refused",
    ),
    "T-SQL-2": held("wildcards", f"{QUERIES}test_filters_know_no_wildcards"),
    "T-SQL-3": held(
        "very many filters",
        f"{QUERIES}test_a_list_takes_ten_filters_on_properties_and_tags",
        f"{QUERIES}test_a_filter_takes_a_hundred_values",
    ),
    "T-SQL-4": held(
        "filters of another type",
        f"{QUERIES}test_a_bound_is_a_whole_number_of_64_bits",
        f"{QUERIES}test_a_time_out_of_range_never_breaks_a_list",
        f"{QUERIES}test_a_huge_limit_is_cut_or_refused",
    ),
}

OBJECTS: dict[str, Row] = {
    "T-IDOR-1": held(
        "images of others",
        BY_ID,
        LISTS,
        "api/test_status::test_a_call_is_answered_as_the_status_says",
    ),
    "T-IDOR-2": held("answers that tell that something exists"),
    "T-IDOR-3": held(
        "ids that are taken",
        "api/test_image_create::test_an_id_is_taken_for_ever_and_by_everybody",
    ),
    "T-IDOR-4": held(
        "what is deleted, hidden or deactivated",
        "api/test_status::test_a_call_is_answered_as_the_status_says",
        "api/test_hidden::test_a_hidden_image_can_be_used_like_any_other",
        "policy/test_visibility::test_a_deactivated_image_is_downloaded_by_administrators_only",
    ),
    "T-MASS-1": held(
        "names that only the service sets",
        "api/test_image_patch::test_names_of_the_service_cannot_be_changed",
        "api/test_image_create::test_what_may_not_be_said_is_refused",
    ),
    "T-MASS-2": held("metadata of a remote image service"),
    "T-RACE-1": held(
        "two uploads to one image",
        f"{SERVER}test_of_many_uploads_at_once_one_wins",
        "api/test_image_data::test_a_second_upload_does_not_disturb_the_first",
    ),
    "T-RACE-2": held(
        "the last of a quota",
        "quotas/test_races::test_many_send_data_at_once",
        "server/test_quotas_of_processes::test_a_crowd_of_uploads_gets_no_byte_too_many",
        "server/test_quotas_of_processes::test_what_was_reserved_at_a_crash_is_free_again",
    ),
    "T-RACE-3": held(
        "deletion during an upload",
        f"{SERVER}test_an_image_deleted_under_an_upload_is_gone",
        "api/test_image_data::test_an_upload_that_fails_after_a_delete_leaves_nothing",
    ),
    "T-RACE-4": held(
        "deletion during a download",
        "server/test_http_downloads::test_data_outlives_the_image_for_who_is_reading_it",
        "api/test_image_download::test_an_image_that_is_deleted_meanwhile_is_gone_and_not_damaged",
        "stores/test_s3_failures::test_a_download_does_not_go_on_in_another_object",
    ),
    "T-RACE-5": held(
        "an import against everything else",
        "imports/test_import::test_an_image_deleted_meanwhile_leaves_nothing",
        "imports/test_import_edge_cases::test_two_that_import_at_once",
        "server/test_hosts_agree::test_of_two_imports_asked_of_two_hosts_one_is_taken",
    ),
    "T-RACE-6": held("an answer against the end of the offer"),
    "T-RACE-7": held("a visibility that changes while others look"),
    "T-RACE-8": held(
        "changes at the same time", "quotas/test_races::test_many_add_to_one_image_at_once"
    ),
    "T-RACE-9": held("protection against deletion"),
    "T-RACE-10": held(
        "two hosts over one database",
        "server/test_hosts_agree::test_an_upload_is_seen_by_the_other_host_and_kept_from_a_second",
        "server/test_hosts_agree::test_a_crowd_on_both_hosts_stores_no_byte_too_many",
        "server/test_cluster_faults::test_no_fault_makes_an_answer_untrue",
    ),
}

PAGES: dict[str, Row] = {
    "T-SSRF-1": held(
        "internal targets",
        "core/test_fetching::test_no_spelling_of_an_internal_host_may_be_fetched",
        "core/test_fetching::test_a_connection_that_leads_to_another_address_is_not_used",
        "core/test_addresses::test_what_is_not_for_everybody_may_not_be_reached",
    ),
    "T-SSRF-2": held(
        "a network told by messages",
        "core/test_fetching_bodies::test_failures_to_connect_and_wrong_answers_look_alike",
        "core/test_fetching::test_what_is_told_of_a_url_has_no_password_and_no_address",
    ),
    "T-SSRF-3": held(
        "a flood of imports",
        "imports/test_turns_of_projects::test_so_many_imports_wait_and_no_more",
        "imports/test_turns_of_projects::test_a_project_has_two_tasks_done_at_once",
        "quotas/test_races::test_many_downloads_from_the_web_never_wait_in_too_little_room",
    ),
    "T-WEB-1": held(
        "script",
        TEXT,
        f"{SAFETY}test_what_is_typed_is_text_in_the_answer",
        f"{SAFETY}test_the_sources_hold_nothing_that_would_run_text",
        "api/test_http::test_nothing_of_a_request_becomes_markup",
    ),
    "T-WEB-2": held("framing", f"{SAFETY}test_every_answer_has_the_headers_that_protect"),
    "T-WEB-3": held(
        "forms of other sites",
        f"{FORMS}test_a_form_without_the_token_of_the_session_does_nothing",
        f"{FORMS}test_a_form_from_before_the_switch_or_the_login_does_nothing_after_it",
        f"{FORMS}test_looking_changes_nothing",
    ),
    "T-WEB-4": held(
        "sessions taken over",
        f"{SESSIONS}test_the_browser_keeps_random_bits_and_the_database_no_token",
        f"{SESSIONS}test_a_session_from_before_the_login_is_not_the_one_after_it",
        f"{SESSIONS}test_scripts_and_other_sites_do_not_get_the_cookie",
        f"{SESSIONS}test_a_session_ends_when_nobody_looks_and_in_the_end_in_any_case",
        f"{LOGINS}test_logging_out_ends_the_token_and_an_old_cookie_is_worth_nothing",
    ),
    "T-WEB-5": held(
        "data that a browser runs", f"{SAFETY}test_data_is_a_file_to_be_kept_whatever_it_is"
    ),
    "T-WEB-6": held(
        "pages that may more than the API",
        f"{FORMS}test_a_stranger_gets_nothing_from_any_page_of_an_image",
        "dashboard/test_upload::test_nobody_brings_data_for_an_image_of_somebody_else",
        "dashboard/test_image_pages::test_public_is_offered_only_to_those_who_may",
    ),
    "T-WEB-7": held(
        "an upload through the browser",
        "server/test_memory::test_memory_does_not_grow_with_the_file_of_a_form",
        "dashboard/test_multipart::test_fields_cannot_fill_the_memory",
        "dashboard/test_multipart::test_a_file_is_not_read_before_it_is_asked_for",
    ),
    "T-WEB-8": held("a cookie at the API", f"{SESSIONS}test_the_api_takes_no_cookie"),
    "T-WEB-9": held(
        "a page that leads elsewhere",
        f"{LOGINS}test_the_login_leads_nowhere_else",
        f"{FORMS}test_a_page_of_an_error_leads_back_to_pages_of_ours_only",
    ),
}

FILES: dict[str, Row] = {
    "T-FS-1": held("files that everybody can read", *MODES),
    "T-FS-2": held("links planted in the store", PLANTED),
    "T-FS-3": held(
        "staged data that is left",
        "server/test_import_kills::test_an_import_that_is_killed_ends_well_all_the_same",
        "stores/test_filesystem::test_a_sweep_takes_what_nobody_writes_to",
    ),
    "T-FS-4": held(
        "a store that is not mounted, or of another service",
        f"{WHOSE}test_what_belongs_to_another_service_is_refused_and_left_alone",
        f"{WHOSE}test_where_a_disk_is_not_mounted_nothing_is_written_or_removed",
        f"{WHOSE}test_a_start_without_the_disk_marks_nothing",
        f"{WHOSE}test_stores_whose_directories_are_confused_are_refused",
        f"{WHOSE}test_a_cache_takes_nothing_out_of_the_store_of_another_service",
        f"{WHOSE}test_a_restored_service_has_its_stores",
        "stores/test_marks::test_nothing_is_done_in_a_directory_that_is_not_ours",
        "stores/test_marks::test_of_several_services_that_begin_at_once_one_has_the_directory",
        "server/test_marked_stores::test_a_server_waits_for_its_disk",
        "stores/test_filesystem::test_a_store_that_is_away_says_so",
    ),
    "T-FS-5": held(
        "data that was cut or replaced",
        "api/test_image_download::test_data_that_was_lost_is_not_served_as_if_it_were_whole",
    ),
    "T-S3-1": held("keys in answers and logs", S3_SECRETS, S3_WRONG),
    "T-S3-2": held(
        "a bucket shared with others",
        "stores/test_s3_failures::test_a_sweep_takes_old_parts_that_nobody_has_a_lease_on",
    ),
    "T-S3-3": held(
        "an endpoint that lies",
        "stores/test_s3_failures::test_a_download_that_breaks_goes_on_where_it_stood",
        "stores/test_s3_tls::test_a_store_is_refused_whose_authority_nobody_knows",
    ),
    "T-S3-4": held(
        "addresses that anybody can read from",
        "stores/test_s3_staging::test_nobody_is_led_elsewhere_unless_it_is_configured",
        note="An operator may have downloads led to the object store for a while.",
    ),
    "T-SEC-1": held(
        "secrets on the disk",
        *MODES,
        f"{SESSIONS}test_the_key_of_the_sessions_is_for_the_service_only",
    ),
    "T-SEC-2": held(
        "secrets in a memory dump",
        "server/test_stopping::test_no_process_leaves_a_dump_of_its_memory",
    ),
    "T-DEP-1": held(
        "libraries with known holes",
        "test_dependencies::test_an_audit_says_what_it_found",
        "test_dependencies::test_a_pin_is_of_a_version_that_is_asked_for",
        "test_dependencies::test_what_a_server_needs_is_pinned_with_hashes",
        "release/test_release::test_the_wheel_serves_in_an_environment_of_its_own",
        note="What only tests need is pinned without hashes. CI goes on where nobody can be "
        "asked about holes, and says so.",
    ),
}

LOAD: dict[str, Row] = {
    "T-DOS-1": held(
        "a huge page",
        "api/test_image_list::test_the_limit_is_cut_but_repeated_as_given",
        f"{QUERIES}test_a_huge_limit_is_cut_or_refused",
    ),
    "T-DOS-2": held(
        "expensive lists",
        "db/test_plans::test_lists_and_look_ups_are_found_by_an_index",
        "api/test_queries::test_a_list_takes_the_same_statements_whatever_it_holds",
    ),
    "T-DOS-3": held(
        "markers and orders",
        "api/test_image_list::test_every_page_of_every_order_is_walked_once",
        f"{QUERIES}test_order_and_page_are_taken_from_fixed_words",
    ),
    "T-DOS-4": held(
        "very many calls",
        "quotas/test_rates::test_a_burst_is_taken_and_then_so_many_a_second",
        "quotas/test_rates::test_a_project_that_calls_too_often_is_told_how_long_to_wait",
        "quotas/test_rates::test_an_address_that_guesses_is_told_to_wait",
        "quotas/test_rates::test_all_processes_count_together",
        note="Off unless set, because behind one project or address can be a whole cloud. Of a "
        "server, not of several; images that are made and pages are not counted apart.",
    ),
    "T-DOS-5": held(
        "transfers that take all workers",
        "quotas/test_transfers::test_so_many_uploads_are_taken_and_no_more",
        "quotas/test_transfers::test_so_many_downloads_are_made_and_no_more",
        "quotas/test_transfers::test_threads_are_left_to_small_requests",
        "server/test_transfers_at_once::test_of_many_slow_uploads_so_many_are_taken",
        "server/test_transfers_at_once::test_what_a_killed_process_was_taking_in_leaves_room",
        "quotas/test_counts::test_62_no_data_is_taken_in_where_none_may_be_on_its_way",
        "quotas/test_races::test_many_begin_to_send_data_at_once",
    ),
    "T-DOS-6": held(
        "a full disk",
        "stores/test_free_space::test_data_that_takes_the_reserve_is_refused_before_it_is_read",
        "stores/test_free_space::test_data_of_unknown_length_ends_where_the_reserve_begins",
        "stores/test_filesystem::test_a_disk_that_fails_leaves_nothing",
        "cache/test_cache_contents::test_the_cache_never_holds_more_than_its_size_and_one_image",
    ),
    "T-DOS-7": held(
        "hashing that keeps others waiting",
        "stores/test_streams::test_no_thread_is_left_behind",
    ),
    "T-DOS-8": held(
        "patterns that take for ever",
        "security/test_slow_clients::test_T_HTTP_3_who_is_refused_and_stays_keeps_nobody_out",
        "security/test_sources::test_P_07_no_pattern_repeats_within_a_repeat",
    ),
    "T-DOS-9": held(
        "memory of caches",
        f"{PASSWORDS}test_failures_are_forgotten_after_an_hour_and_never_too_many",
        f"{AUTH}test_remembered_passwords_are_not_too_many",
        f"{SESSIONS}test_visitors_who_do_not_log_in_leave_nothing_behind",
    ),
    "T-DOS-10": held(
        "start and stop",
        "acceptance/test_quickstart::TestAStop",
        "server/test_stopping::test_a_process_that_has_only_just_begun_stops_too",
    ),
}

ROWS = {**IDENTITY, **JSON, **HTTP, **NAMES, **OBJECTS, **PAGES, **FILES, **LOAD}
