"""What happened to Glance, its store library and its client."""

from __future__ import annotations

from security_rows import Row, held

URLS = "core/test_fetching::test_no_spelling_of_an_internal_host_may_be_fetched"
TRICKS = "core/test_fetching::test_no_trick_of_spelling_leads_to_an_internal_host"
SCHEMES = "core/test_fetching::test_only_http_and_https_can_be_fetched"
FORMATS = "formats/test_formats::test_content_is_judged_as_the_table_says"
S3_SECRETS = "stores/test_s3_images::test_no_secret_is_in_answers_or_logs_even_of_failures"
S3_WRONG = "stores/test_s3_failures::test_what_is_wrong_is_named_and_no_secret_is_logged"
CREATORS = "quotas/test_races::test_many_create_images_at_once"
BY_ID = "policy/test_visibility::test_an_action_is_answered_as_the_table_says"
LISTS = "policy/test_visibility::test_a_list_holds_what_the_table_says"
KEPT = "security/test_formats_attacked::test_N_05_what_holds_other_files_is_kept_as_it_is"

ROWS: dict[str, Row] = {
    "H-01": held("web-download of an internal address", URLS, TRICKS, SCHEMES),
    "H-02": held(
        "a name that stands for an internal address, or changes",
        "core/test_fetching::test_a_name_is_resolved_once_and_that_address_connected_to",
        "core/test_fetching::test_a_name_that_changes_between_check_and_fetch_is_refused",
        "core/test_fetching::test_only_the_addresses_that_may_be_reached_are_tried",
        "core/test_fetching::test_a_name_with_internal_addresses_only_is_refused",
        "core/test_fetching::test_each_allowed_address_is_tried_in_turn",
        "core/test_fetching::test_nothing_of_the_environment_has_a_say",
    ),
    "H-03": held(
        "a location that is an internal address",
        "locations/test_location_values::test_the_filter_of_urls_is_asked",
        "locations/test_location_rules::test_without_the_option_nobody_changes_anything",
        "locations/test_data_elsewhere::test_a_url_is_judged_anew_for_each_download",
    ),
    "H-04": held(
        "a download from the web without end",
        "imports/test_import::test_an_import_that_fails_can_be_tried_again",
        "core/test_fetching_bodies::test_data_without_end_is_cut_at_the_limit",
    ),
    "H-05": held(
        "keys of an object store that must be replaced",
        "stores/test_s3_failures::test_keys_come_from_a_file_or_from_the_environment",
        note="Keys are read at the start and stand in no row.",
    ),
    "H-06": held(
        "old tasks that import past the filter of URLs",
        note="An administrator may make such a task, as with Glance; the filter is asked.",
    ),
    "H-07": held(
        "redirects to internal addresses",
        "core/test_fetching_redirects::test_no_redirect_leads_to_an_internal_host",
        "core/test_fetching_redirects::test_no_redirect_tricks",
        "core/test_fetching_redirects::test_five_redirects_are_followed_and_no_more",
        "core/test_fetching_tls::test_no_redirect_leads_from_https_to_http",
        "core/test_fetching::test_a_refresh_header_leads_nowhere",
    ),
    "H-08": held(
        "spellings of an address",
        URLS,
        "core/test_addresses::test_what_is_not_for_everybody_may_not_be_reached",
    ),
    "H-09": held(
        "redirects of glance-download, and its token",
        "core/test_fetching_redirects::test_headers_go_to_the_first_origin_only",
        "core/test_fetching_redirects::test_no_redirect_leads_to_an_internal_host",
        "core/test_fetching_documents::test_a_document_is_not_sent_inside",
        "imports/test_import::test_what_makes_no_sense_is_refused_at_once",
    ),
    "H-10": held(
        "a container that names URLs",
        KEPT,
    ),
    "H-11": held(
        "rights of the service token beside the user's",
        "identity/test_authentication::test_a_service_token_adds_its_roles_beside",
        "identity/test_authentication::test_all_headers_about_identity_change_nothing",
        "keystone/test_service_tokens::test_a_service_token_adds_no_right_to_the_users",
        "keystone/test_service_tokens::test_the_service_itself_sees_locations",
    ),
    "H-12": held("keys of the store in the log", S3_SECRETS),
    "H-13": held("qcow2 with a data file outside", FORMATS),
    "H-14": held("the access key in the log", S3_SECRETS, S3_WRONG),
    "H-15": held(
        "old data under a new name",
        "stores/test_contract::test_a_blob_is_never_overwritten",
        "server/test_http_downloads::test_data_outlives_the_image_for_who_is_reading_it",
        "api/test_image_create::test_an_id_is_taken_for_ever_and_by_everybody",
    ),
    "H-16": held(
        "changed data of an image that others use",
        "api/test_image_data::test_data_is_never_replaced",
        "api/test_image_data::test_what_is_possible_in_which_status",
        "api/test_image_patch::test_names_of_the_service_cannot_be_changed",
        "locations/test_location_values::test_other_data_cannot_take_the_place_of_an_active_image",
    ),
    "H-17": held("headers that make the inspection take memory"),
    "H-18": held("VMDK descriptors that name files", FORMATS),
    "H-19": held(
        "locations shown to users",
        "locations/test_shown_locations::test_nothing_of_it_is_shown_unless_an_option_says_so",
        "locations/test_shown_locations::test_the_rule_and_the_status_say_who_sees_them",
    ),
    "H-20": held(
        "metadata definitions: leaks and floods",
        "metadefs/test_namespaces::test_26_others_do_not_see_what_is_private",
        "metadefs/test_namespaces::test_there_are_limits",
        "metadefs/test_metadef_edge_cases::test_others_are_answered",
    ),
    "H-21": held(
        "stores as a property, copies past the rules, imports without data",
        "imports/test_import_edge_cases::test_37_the_lock_is_not_the_users",
        "imports/test_import_edge_cases::test_32_who_may_copy",
    ),
    "H-22": held(
        "copying from a URL named in a header of v1",
        "api/test_versions::test_a_version_that_is_not_announced_is_not_served",
    ),
    "H-23": held(
        "images without end",
        CREATORS,
        "quotas/test_counts::test_61_a_project_has_as_many_images_as_it_may",
        "quotas/test_rates::test_a_project_that_calls_too_often_is_told_how_long_to_wait",
        "quotas/test_rates::test_all_processes_count_together",
        note="How many a second is limited where [rate_limit] says so.",
    ),
    "H-24": held("headers made to break what reads them"),
    "H-25": held(
        "the id of a deleted image taken by another",
        "api/test_image_create::test_an_id_is_taken_for_ever_and_by_everybody",
    ),
    "H-26": held(
        "data swapped, or destroyed, by locations",
        "locations/test_location_values::test_the_data_of_another_image_cannot_be_referred_to",
        "locations/test_location_rules::test_without_the_option_nobody_changes_anything",
        "locations/test_location_changes::test_data_stays_as_long_as_a_location_does",
    ),
    "H-27": held(
        "the last location removed",
        "locations/test_location_changes::test_all_locations_cannot_be_taken_away",
        "locations/test_copies::test_the_last_copy_stays_whichever_store_is_named",
    ),
    "H-28": held(
        "the service's rights in place of the user's",
        "keystone/test_keystone_tokens::test_roles_are_keystones",
        "keystone/test_service_tokens::test_a_service_token_adds_no_right_to_the_users",
    ),
    "H-29": held(
        "signatures over a weak hash",
        "api/test_signed_images::test_a_signature_that_is_wrong_in_any_part_is_refused",
        "api/test_image_data_limits::test_a_signature_that_cannot_be_verified_is_refused",
    ),
    "H-30": held(
        "empty images without end",
        CREATORS,
        "durability/test_recover::test_images_that_stay_without_data_are_listed_and_left_alone",
    ),
    "H-31": held(
        "a token that ends, and a deletion, during an upload",
        "server/test_http_server::test_an_image_deleted_under_an_upload_is_gone",
        "keystone/test_service_tokens::test_an_upload_outlives_its_token",
    ),
    "H-32": held(
        "the status set by a client",
        "api/test_image_patch::test_names_of_the_service_cannot_be_changed",
        "api/test_image_create::test_what_may_not_be_said_is_refused",
    ),
    "H-33": held(
        "tokens in logs",
        "keystone/test_keystone_tokens::test_no_token_and_no_password_is_in_the_log",
        "dashboard/test_sessions_attacked::test_neither_a_page_nor_a_log_nor_a_cookie_shows_a_token_or_a_password",
    ),
    "H-34": held("qcow2 with a backing file", FORMATS),
    "H-35": held(
        "a long or odd request id",
        "api/test_http::test_a_request_id_may_be_too_long",
        "api/test_http::test_a_request_id_with_odd_characters_is_not_repeated",
    ),
    "H-36": held(
        "imports and deletions that leave data",
        "imports/test_import::test_an_image_deleted_meanwhile_leaves_nothing",
        "imports/test_import_edge_cases::test_39_a_deleted_image_does_not_come_back",
        "server/test_cluster_faults::test_no_fault_makes_an_answer_untrue",
    ),
    "H-37": held(
        "checks that the optimise flag removes",
        "api/test_http::test_a_method_that_a_path_has_not_is_refused_and_the_others_named",
    ),
    "H-38": held(
        "an import into several stores of which one fails",
        "imports/test_import::test_one_store_that_fails_takes_the_others_back",
        "imports/test_import::test_a_store_may_fail_where_not_all_must_succeed",
        "quotas/test_given_back::test_an_import_that_fails_gives_everything_back",
    ),
    "H-39": held("connections that stay idle"),
    "H-40": held(
        "deleted images whose upload goes on past the quota",
        "quotas/test_given_back::test_data_of_a_deleted_image_counts_until_it_has_stopped_arriving",
        "server/test_quotas_of_processes::test_a_deleted_image_counts_until_its_upload_has_ended",
    ),
    "H-41": held(
        "a location that is a file",
        "locations/test_location_values::test_no_location_leads_to_what_this_machine_can_read",
        SCHEMES,
    ),
    "H-42": held(
        "a location of another scheme",
        "locations/test_location_values::test_no_location_leads_to_what_this_machine_can_read",
        "locations/test_new_locations::test_53_54_other_schemes_are_for_services_and_fail",
    ),
    "H-43": held(
        "data that is readable at the object store",
        "stores/test_s3_strangers::test_strangers_get_nothing_of_a_public_image_at_the_engine",
        "stores/test_s3_strangers::test_no_write_says_that_anybody_else_may_do_something",
        "stores/test_s3_strangers::test_no_answer_says_how_to_get_around_the_service",
        "stores/test_s3_staging::test_nobody_is_led_elsewhere_unless_it_is_configured",
    ),
    "H-44": held(
        "more than the largest image",
        "api/test_image_data_limits::test_the_largest_image_is_taken_and_a_larger_one_is_not",
        "server/test_http_server::test_more_than_the_largest_image_in_chunks_is_refused",
    ),
    "H-45": held(
        "publishing by anybody",
        BY_ID,
        "api/test_image_patch_changes::test_only_administrators_make_an_image_public",
        "api/test_image_create::test_what_may_not_be_said_is_refused",
    ),
    "H-46": held("a shell that reads a location"),
    "H-47": held("a password of the store in an error", S3_WRONG, S3_SECRETS),
    "H-48": held(
        "protected properties opened by a later rule",
        "api/test_protected_properties::test_roles_are_compared_without_case_and_the_first_section_decides",
        "api/test_protected_properties::test_what_may_not_be_read_is_left_out_everywhere",
        "api/test_protected_properties::test_changing_needs_the_right_to",
    ),
    "H-49": held(
        "a cache that knows no rights",
        "cache/test_cache_contents::test_rights_and_status_count_as_without_a_cache",
        "cache/test_cache_contents::test_a_deleted_image_leaves_the_cache_and_the_queue",
    ),
    "H-50": held("shared images that nobody asked for", LISTS, BY_ID),
    "H-51": held(
        "TLS that verifies nothing",
        "core/test_fetching_tls::test_a_server_that_does_not_prove_its_name_gets_no_request",
        "stores/test_s3_tls::test_a_store_is_refused_whose_authority_nobody_knows",
    ),
    "H-52": held(
        "verification switched off unnoticed",
        "core/test_fetching_tls::test_a_server_that_does_not_prove_its_name_gets_no_request",
        "stores/test_s3_tls::test_a_store_is_refused_whose_authority_nobody_knows",
        "stores/test_s3_failures::test_a_server_without_tls_is_not_talked_to_as_if_it_had",
    ),
    "H-53": held(
        "headers of a download that tell too much",
        "api/test_image_download::test_the_headers_of_a_download",
    ),
    "H-54": held("an error of the store that tells too much", S3_WRONG, S3_SECRETS),
    "H-55": held(
        "deletion by anybody",
        BY_ID,
        "api/test_image_show_delete::test_a_protected_image_is_deleted_by_nobody",
    ),
    "H-56": held("a file as the source of an import", SCHEMES, TRICKS),
}
