"""What happened to images elsewhere, and to neighbours of the image service."""

from __future__ import annotations

from rows_of_glance import BY_ID, FORMATS, KEPT, LISTS
from security_rows import Row, held, idle

PLANTED = "stores/test_filesystem::test_what_somebody_planted_leads_nowhere"
MODES = (
    "stores/test_filesystem::test_nobody_else_can_read_what_is_stored",
    "acceptance/test_quickstart::test_all_that_it_keeps_is_for_its_owner_only",
    "cache/test_cache_filling::test_files_and_directories_are_for_their_owner_only",
)
TEXT = "dashboard/test_safety::test_text_of_others_is_text_on_every_page"
CERTIFICATES = "identity/test_keystone_certificates::"
ENDS = "identity/test_tokens::test_what_ends_a_token_ends_it_at_once_and_for_good"
REFUSALS = "identity/test_logins::test_refusals_are_all_the_same"
NO_DISKS = "There are no volumes and no machines here; an image is bytes that nothing mounts."

IMAGES: dict[str, Row] = {
    "N-01": held(
        "credentials sent to every host",
        "core/test_fetching::test_nothing_of_the_environment_has_a_say",
        "core/test_fetching_redirects::test_headers_go_to_the_first_origin_only",
        "core/test_fetching::test_no_trick_of_spelling_leads_to_an_internal_host",
    ),
    "N-02": held("a program in the image that is run", KEPT),
    "N-03": idle("a secret that a hostile container reads", "No container is run here."),
    "N-04": held("a property that names a file of the host"),
    "N-05": held("names in an archive that lead elsewhere"),
    "N-06": held(
        "chunks that end early",
        "server/test_http_server::test_chunks_without_their_end_are_no_upload",
        "server/test_http_server::test_malformed_chunks_are_no_upload",
    ),
    "N-07": held("a device or pipe in place of data", PLANTED),
    "N-08": held(
        "a token sent where the user says",
        "imports/test_import_edge_cases::test_66_what_glance_download_needs",
        "core/test_fetching_redirects::test_headers_go_to_the_first_origin_only",
    ),
    "N-09": idle("a header written by a guest", NO_DISKS),
    "N-10": held(
        "file: as a source", "core/test_fetching::test_only_http_and_https_can_be_fetched"
    ),
    "N-11": held(
        "data changed between two looks",
        "imports/test_import_edge_cases::test_staged_data_that_has_changed_is_not_imported",
    ),
    "N-12": held(
        "an image that qemu-img sees unchecked", FORMATS, "imports/test_plugins::TestConversion"
    ),
    "N-13": held(
        "a format other than declared",
        FORMATS,
        note="Safe content of another format is taken as raw, as with Glance.",
    ),
    "N-14": held("json: and nbd: as backing file", FORMATS),
    "N-15": held("hostile XML of the object store"),
    "N-16": idle("raw access below encryption", NO_DISKS),
    "N-17": held(
        "what is counted twice",
        "quotas/test_given_back::test_an_import_that_is_taken_over_needs_its_room_once",
    ),
    "N-18": held(
        "properties that come back changed",
        "api/test_hostile_json::test_odd_text_comes_back_as_it_was_sent",
    ),
    "N-19": held(
        "deletion during a download from the web",
        "imports/test_import_edge_cases::test_39_a_deleted_image_does_not_come_back",
    ),
    "N-20": held("script in names and properties", TEXT),
    "N-21": held("raw data that becomes qcow2", FORMATS),
    "N-22": held("qcow2 in a snapshot", FORMATS),
    "N-23": held(
        "deletion during a copy",
        "security/test_outgoing::test_N_19_a_deletion_ends_what_is_on_its_way",
        "imports/test_import::test_an_image_deleted_meanwhile_leaves_nothing",
    ),
    "N-24": held(
        "deletion during an upload",
        "security/test_races_attacked::test_T_RACE_3_a_deletion_ends_an_upload",
        "server/test_http_server::test_an_image_deleted_under_an_upload_is_gone",
        "api/test_image_data::test_an_image_deleted_while_data_arrives_is_gone",
    ),
    "N-25": held("a volume that is a qcow2 file", FORMATS),
    "N-26": held(
        "script in properties",
        TEXT,
        "dashboard/test_properties::test_values_are_text_whatever_is_in_them",
    ),
    "N-27": held(
        "deletion while importing and uploading",
        "api/test_status::test_a_call_is_answered_as_the_status_says",
        "imports/test_import_edge_cases::test_39_a_deleted_image_does_not_come_back",
    ),
    "N-28": held("data of two formats", FORMATS),
    "N-29": held(
        "deletion after a failure",
        "api/test_status::test_a_call_is_answered_as_the_status_says",
        "api/test_client_answers::test_U5_an_image_can_be_deleted_after_a_failed_upload",
    ),
    "N-30": held(
        "deletion in every status, counted once",
        "api/test_status::test_a_call_is_answered_as_the_status_says",
        "quotas/test_given_back::test_a_deleted_image_counts_no_more",
    ),
    "N-31": held("a relative backing file", FORMATS),
    "N-32": idle("residues on a disk", NO_DISKS),
    "N-33": held("a temporary directory for everybody", *MODES),
    "N-34": held("files for everybody", *MODES),
    "N-35": held(
        "a cache that fills the disk",
        "cache/test_cache_contents::test_the_cache_never_holds_more_than_its_size_and_one_image",
        "cache/test_cache_contents::test_cleaning_drops_downloads_that_have_stalled",
    ),
    "N-36": held(
        "compressed data that grows without bound",
        FORMATS,
        "imports/test_plugins::TestDecompression::test_a_bomb_is_bounded",
    ),
    "N-37": held(
        "data of a failed upload",
        "api/test_image_data::test_a_body_shorter_than_announced_is_no_upload",
        "server/test_http_server::test_a_long_body_cut_short_is_no_upload",
    ),
    "N-38": held("a small file with a huge virtual size", FORMATS),
    "N-39": held("base images for everybody", *MODES),
    "N-40": idle("residues of volumes", NO_DISKS),
    "N-41": idle("links inside an image", NO_DISKS),
    "N-42": idle("paths for injected files", NO_DISKS),
    "N-43": idle("an archive that is unpacked", "Nothing is unpacked into files; see N-05."),
}

NEIGHBOURS: dict[str, Row] = {
    "P-01": held("a member that shares on; ids in the body", BY_ID),
    "P-02": held(
        "empty and doubled headers",
        "identity/test_tokens::test_no_token_is_refused",
        "identity/test_tokens::test_two_token_headers_are_refused",
        "identity/test_authentication::test_a_header_about_identity_alone_lets_nobody_in",
        "identity/test_authentication::test_a_service_token_does_not_stand_for_a_user",
    ),
    "P-03": held(
        "headers that turn an upload into a copy",
        "security/test_outgoing::test_H_22_no_header_makes_an_upload_a_copy",
    ),
    "P-04": held(
        "rights judged by what the body says; tokens made from tokens",
        "identity/test_logins::test_a_token_made_from_a_token_is_never_worth_more",
        "identity/test_logins::test_with_a_token_end_the_tokens_made_from_it",
        "identity/test_application_credentials::test_its_token_is_for_nothing_else",
    ),
    "P-05": held("filters that widen what is seen", LISTS),
    "P-06": held(
        "a child of another parent",
        BY_ID,
        "metadefs/test_parts::test_a_part_is_found_in_its_own_namespace_only",
    ),
    "P-07": held("patterns that take for ever"),
    "P-08": held("secrets in some answers only"),
    "P-09": held(
        "a rule that is missing or misspelt",
        "policy/test_rules::test_every_operation_is_guarded_by_a_rule",
        "policy/test_rules::test_a_rule_that_nobody_has_defined_is_an_error",
        "policy/test_rules::test_a_file_that_makes_no_sense_is_refused_or_denies",
    ),
    "P-10": held(
        "identity headers of a client",
        "identity/test_authentication::test_all_headers_about_identity_change_nothing",
        "server/test_identity_server::test_forged_headers_change_nothing",
    ),
    "P-11": held(
        "visitors who fill the sessions",
        "dashboard/test_sessions_attacked::test_visitors_who_do_not_log_in_leave_nothing_behind",
    ),
    "P-12": held(
        "script through names and logs", TEXT, "dashboard/test_safety::test_a_search_is_text"
    ),
    "P-13": idle(
        "a shell file with names in it",
        "The pages offer no shell file; what they copy is an id.",
    ),
    "P-14": held("tokens in records of tasks"),
    "P-15": held("nested JSON", "api/test_hostile_json::test_deep_nesting_is_refused"),
    "P-16": held("a request that changes the configuration"),
    "P-17": held(
        "logins without a password",
        "identity/test_authentication::test_there_is_no_other_identity_api",
    ),
    "P-18": held(
        "refusals that tell of accounts",
        REFUSALS,
        "identity/test_logins::test_a_disabled_user_is_refused_like_an_unknown_one",
        "identity/test_passwords::test_unknown_accounts_wait_like_known_ones",
    ),
    "P-19": held("unknown paths that fill the memory"),
    "P-20": held(
        "an owner changed; credentials of others",
        "api/test_image_patch_changes::test_only_administrators_give_an_image_to_somebody_else",
        "identity/test_application_credentials::test_nobody_sees_those_of_another",
        "identity/test_passwords::test_nobody_changes_the_password_of_another",
    ),
    "P-21": held(
        "a login that leads elsewhere",
        "dashboard/test_browser_logins::test_the_login_leads_nowhere_else",
        "dashboard/test_forms_attacked::test_a_form_leads_back_to_pages_of_ours_only",
    ),
    "P-22": held(
        "exceptions that are shown",
        "dashboard/test_failing_pages::test_a_defect_of_ours_gives_a_page_that_tells_nothing_of_it",
    ),
    "P-23": held(
        "weak hashes, fixed tokens, REMOTE_USER",
        "identity/test_passwords::test_a_hash_with_old_parameters_is_replaced_at_login",
        "identity/test_authentication::test_a_fixed_token_means_nothing_elsewhere",
        "identity/test_authentication::test_the_environment_of_the_server_lets_nobody_in",
        "identity/test_passwords::test_a_changed_password_needs_the_old_one",
    ),
    "P-24": held("tokens that outlive their reason", ENDS),
    "P-25": held(
        "answers for somebody else",
        "server/test_identity_server::test_every_answer_belongs_to_its_token",
    ),
    "P-26": held(
        "filters that take the service down",
        "api/test_hostile_queries::test_a_list_takes_ten_filters_on_properties_and_tags",
    ),
    "P-27": held(
        "comparisons that tell by their time",
        "identity/test_tokens::test_the_database_does_not_hold_the_token",
        note="Tokens are looked up by their hash; what is compared, by hmac.compare_digest.",
    ),
    "P-28": held(
        "caches and directories that others can write",
        "cli/test_writable::test_it_does_not_start_where_everybody_decides_what_it_does",
        "cli/test_writable::test_data_that_everybody_can_change_is_told_at_the_start",
        "keystone/test_keystone_tokens::test_a_token_is_asked_about_once",
        *MODES,
    ),
    "P-29": held("floods of log lines"),
    "P-30": held(
        "a very long password",
        "identity/test_passwords::test_a_password_of_unusable_length_is_400_without_hashing",
        "identity/test_logins::test_a_body_over_64_kib_is_not_read",
    ),
    "P-31": held(
        "sessions taken over",
        "dashboard/test_sessions_attacked::test_a_session_from_before_the_login_is_not_the_one_after_it",
        "dashboard/test_sessions_attacked::test_over_tls_the_cookie_never_goes_without",
        "dashboard/test_safety::test_every_answer_has_the_headers_that_protect",
    ),
    "P-32": held("a console for debugging"),
    "P-33": held(
        "bodies without limit, configuration for everybody",
        "api/test_hostile_json::test_a_body_that_is_too_large_is_refused",
        *MODES,
    ),
    "P-34": held(
        "insecure taken for true; passwords as arguments",
        f"{CERTIFICATES}test_a_certificate_is_looked_at",
        f"{CERTIFICATES}test_a_certificate_is_not_looked_at_where_that_is_said",
        f"{CERTIFICATES}test_a_word_that_says_neither_is_refused",
        "moving/test_moving_login::test_insecure_is_what_its_word_says",
        "cli/test_doctor::test_a_keystone_whose_certificate_is_not_looked_at_is_told",
        "identity/test_identity_cli::test_no_command_takes_a_password_as_an_argument",
    ),
}

ROWS = {**IMAGES, **NEIGHBOURS}
