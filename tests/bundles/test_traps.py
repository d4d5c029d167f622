"""The known traps of containers, and which test holds each of them: nobody can take one out without this noticing.

Z: zip, W: writing zip, R: entries that cannot be read, I: ISO images, F: folders, S: attacks. The comments of the code
and the names of the tests use the same numbers.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.shared_data import SHARED

TESTS = Path(__file__).resolve().parents[1]

#: Number, what is promised, file below tests/, the names of the tests.
TRAPS = """
Z1 | a second, independent reader of Deflate64 | interop/test_containers.py | test_deflate64_gives_what_zipfile_deflate64_gives test_deflate64_gives_what_a_second_reader_gives
Z2 | other methods are never written | bundles/test_zip_methods.py | test_only_stored_and_deflated_are_written
Z3 | Deflate64 of Windows Explorer is read | bundles/test_zip_methods.py | test_archives_of_other_programs test_content_comes_out_whatever_the_pieces
Z4 | names in old code pages are recovered, or their bytes kept | bundles/test_zip_directory.py | test_names_of_one_archive_tell_their_code_page
Z4 | names in old code pages are recovered, or their bytes kept | bundles/test_code_pages.py | test_names_that_two_code_pages_could_mean_are_not_guessed test_what_is_read_can_be_written_back
Z5 | entries that share data are refused one by one | bundles/test_zip_directory.py | test_only_the_entries_that_share_are_refused_and_can_be_given_up test_neighbours_and_empty_entries_do_not_overlap
Z6 | announced sizes are compared with what comes out | bundles/test_zipped.py | test_damage_is_noticed_and_the_compressed_bytes_can_still_be_had test_a_bomb_gives_no_more_than_it_announces
Z6 | announced sizes are compared with what comes out | bundles/test_zip_methods.py | test_more_than_announced_is_damage test_less_than_announced_is_damage
Z7 | the central directory is trusted, a disagreement told | bundles/test_zip_directory.py | test_another_name_in_the_local_header_is_told test_other_numbers_in_the_local_header_are_told
Z8 | wrapped sizes of a Mac archive are recognised | bundles/test_zip_directory.py | test_a_mac_archive_whose_numbers_wrapped_is_recognised
Z9 | zip64 fields stand in both headers | output/test_zipformat.py | test_large_sizes_go_into_zip64_fields_in_both_headers
Z10 | duplicates are all carried, and numbered by restore | bundles/test_zipped.py | test_duplicates_are_all_carried_in_order
Z10 | duplicates are all carried, and numbered by restore | bundles/test_zip_directory.py | test_duplicates_and_names_that_differ_in_case_are_reported
Z10 | duplicates are all carried, and numbered by restore | giveback/test_restore.py | test_duplicates_come_back_as_several_files
Z11 | names that leave the tree get safe ones | bundles/test_names.py | test_a_name_that_leaves_the_tree_or_hides_something_gets_a_safe_one test_windows_spellings_of_the_same_attacks test_backslashes_separate_where_windows_wrote_them
Z11 | names that leave the tree get safe ones | bundles/test_zipped.py | test_dangerous_names_get_safe_ones_and_keep_their_content
Z12 | encrypted entries need a password, and a word to lose it | bundles/test_zip_encryption.py | test_no_password_is_told_with_what_to_do test_the_password_opens_every_entry test_it_is_written_unencrypted_only_when_asked
Z13 | DOS times stay as they are | bundles/test_zipped.py | test_dos_times_stay_as_they_are_even_where_no_calendar_has_them
Z14 | bzip2, LZMA, xz and Zstandard are read, the others named | bundles/test_zip_methods.py | test_every_readable_method_is_tested test_archives_of_other_programs
Z14 | bzip2, LZMA, xz and Zstandard are read, the others named | bundles/test_zipped.py | test_bytes_that_cannot_be_had_stop_the_run
Z15 | the Unicode Path field counts where its CRC fits | bundles/test_zip_directory.py | test_the_unicode_path_field_is_honoured test_a_unicode_path_field_of_another_name_is_not
Z16 | a backslash within a letter is no separator | bundles/test_zip_directory.py | test_a_backslash_within_a_japanese_letter_is_no_separator
Z17 | NUL and control characters do not hide a name | bundles/test_names.py | test_a_name_that_leaves_the_tree_or_hides_something_gets_a_safe_one
Z18 | spellings are compared after NFC, and kept | bundles/test_names.py | test_folded_spellings_meet
Z18 | spellings are compared after NFC, and kept | giveback/test_restore.py | test_where_case_does_not_count_the_later_one_gets_a_number
Z19 | data descriptors: sizes from the directory, no bit 3 in the new zip | bundles/test_zipped.py | test_content_comes_out_whatever_surrounds_it
Z19 | data descriptors: sizes from the directory, no bit 3 in the new zip | bundles/test_zip_directory.py | test_numbers_behind_the_data_are_no_disagreement test_what_was_streamed_is_written_with_its_sizes_in_front
Z20 | bytes before the first entry shift all offsets | bundles/test_zipped.py | test_content_comes_out_whatever_surrounds_it
Z21 | half a download and one part of several are named | bundles/test_zipped.py | test_what_is_no_zip_is_named
Z21 | half a download and one part of several are named | bundles/test_zip_directory.py | test_one_part_of_several_is_named
Z22 | a zip in a zip is named and not opened | bundles/test_zip_directory.py | test_a_zip_in_a_zip_is_named_and_not_opened test_a_small_archive_among_many_files_is_no_news

R1 | a damaged entry is carried over as it is, and compared so | bundles/test_zip_directory.py | test_one_damaged_entry_does_not_cost_the_others
R1 | a damaged entry is carried over as it is, and compared so | output/test_readback.py | test_bytes_carried_over_are_compared
R2 | without its password or method nothing is published | bundles/test_zipped.py | test_bytes_that_cannot_be_had_stop_the_run
R2 | without its password or method nothing is published | bundles/test_zip_encryption.py | test_a_wrong_password_is_told_before_anything_is_done
R3 | what the medium does not give can be given up on purpose | bundles/test_iso.py | test_a_run_stops_at_a_cut_off_file_unless_it_is_given_up
R3 | what the medium does not give can be given up on purpose | bundles/test_folder.py | test_a_file_without_permission
R3 | what the medium does not give can be given up on purpose | planning/test_plan.py | test_an_image_that_cannot_be_read_can_be_given_up

W1 | stored and deflated only, UTF-8 names flagged, input order | bundles/test_zip_methods.py | test_only_stored_and_deflated_are_written
W1 | stored and deflated only, UTF-8 names flagged, input order | output/test_archive.py | test_the_directory_keeps_the_order_of_the_original_whatever_was_finished_first
W2 | zip64 only where it is needed | output/test_zipformat.py | test_sizes_just_below_the_limit_need_no_zip64 test_end_records_are_plain_where_they_can_be
W3 | modes are kept | bundles/test_zipped.py | test_attributes_and_maker_are_kept
W4 | times are kept | bundles/test_zipped.py | test_only_the_extra_fields_that_tell_times_are_kept
W4 | times are kept | output/test_zipformat.py | test_times_go_into_both_headers_and_are_valid_in_each
W5 | a draft, flushed, read back from the disk, renamed | output/test_archive.py | test_nothing_stays_after_trouble
W5 | a draft, flushed, read back from the disk, renamed | output/test_readback.py | test_every_flipped_byte_that_matters_is_noticed test_a_truncated_draft_is_noticed test_what_is_read_back_comes_from_the_disk
W6 | the same input gives the same zip, nothing of the machine in it | record/test_manifest.py | test_the_same_input_gives_the_same_manifest_and_zip
W6 | the same input gives the same zip, nothing of the machine in it | output/test_drafts.py | test_names_tell_nothing

I1 | versions and trailing dots are no part of a name | bundles/test_iso.py | test_versions_and_trailing_dots_are_not_part_of_a_name test_stripping_versions
I2 | the fullest tree, at a tie the better names; differences told | bundles/test_iso.py | test_choosing_a_tree test_the_tree_with_more_files_wins_and_the_difference_is_told
I3 | pure UDF is named with advice | bundles/test_zipped.py | test_what_is_no_zip_is_named
I3 | pure UDF is named with advice | interop/test_containers.py | test_a_pure_udf_image_is_refused_with_advice
I4 | raw sector images are named | bundles/test_zipped.py | test_what_is_no_zip_is_named
I5 | what lies beyond the end is unreadable, never shorter | bundles/test_iso.py | test_a_file_beyond_the_end_is_unreadable_and_not_shorter
I6 | the last session counts, their number is told | bundles/test_iso.py | test_the_last_session_is_read_and_the_number_told
I7 | names may share an extent | bundles/test_iso.py | test_names_that_share_an_extent_are_read_twice_each_with_its_own_length
I8 | several extents are joined | bundles/test_iso.py | test_a_file_in_several_extents_is_joined_in_order test_two_records_of_one_name_that_do_not_continue_each_other_are_not_joined
I9 | a hybrid with a Mac is read by its ISO trees | interop/test_containers.py | test_images_of_other_programs
I10 | references in capitals find names in mixed case | bundles/test_iso.py | test_an_index_in_capitals_finds_the_files_of_a_tree_in_mixed_case

F1 | links are not followed out | bundles/test_folder.py | test_a_link_inside_the_bundle_is_read_as_the_file_it_leads_to test_a_link_that_leads_elsewhere_is_reported_and_not_followed test_a_link_to_a_folder_is_not_walked
F2 | devices, pipes and sockets are never opened | bundles/test_folder.py | test_a_pipe_is_reported_and_never_opened test_a_socket_is_reported_and_never_opened
F3 | a read error never makes a file shorter | bundles/test_folder.py | test_a_read_error_costs_one_entry_and_not_the_others
F4 | a file that changes is noticed | bundles/test_folder.py | test_a_file_that_grew_is_refused test_a_file_that_was_touched_is_refused test_a_file_that_changes_between_two_pieces_is_refused
F5 | the output inside the folder is left out | bundles/test_folder.py | test_the_output_and_its_drafts_are_left_out_of_the_bundle
F6 | names that are not UTF-8 | bundles/test_folder.py | test_names_that_are_not_utf8_keep_their_bytes test_names_in_an_old_code_page_are_recovered
F7 | names that Windows forbids, and long ones, through restore | giveback/test_restore.py | test_names_that_windows_forbids_get_safe_ones_and_are_told test_a_name_that_is_too_long_is_shortened_and_a_path_that_is_costs_only_itself
F8 | what operating systems leave behind is junk | rules/test_extras.py | test_what_operating_systems_leave_behind_is_junk_and_nothing_else_is test_an_image_or_a_program_with_such_a_name_is_no_junk
F9 | case-insensitive file systems, through restore | giveback/test_restore.py | test_where_case_does_not_count_the_later_one_gets_a_number
F10 | a mounted disc with no room beside it | test_cli_opening.py | test_beside_a_mounted_disc_the_zip_goes_into_the_working_folder test_the_root_of_a_drive_has_nothing_beside_it

S1 | bombs by ratio, size and number | bundles/test_limits.py | test_an_entry_that_grows_too_much_is_refused test_many_entries_that_grow_a_little_are_refused_together test_too_many_entries test_too_much_in_all
S1 | bombs by ratio, size and number | test_cli_opening.py | test_a_bomb_is_one_line_and_exit_3_and_leaves_nothing
S2 | overlapping data | bundles/test_zip_directory.py | test_the_bomb_of_overlapping_entries_is_refused
S3 | nothing is written outside the target of restore | giveback/test_placing.py | test_no_name_leads_out
S3 | nothing is written outside the target of restore | giveback/test_restore.py | test_every_file_comes_back_under_its_name_and_time test_a_link_in_the_target_is_not_followed
S4 | an entry with a wrong CRC is never transcoded | bundles/test_zip_directory.py | test_one_damaged_entry_does_not_cost_the_others
S5 | encrypted entries | bundles/test_zip_encryption.py | test_a_flipped_bit_in_encrypted_bytes_is_noticed test_the_password_is_in_no_text_that_could_be_shown
S6 | symbolic links are carried, never followed or made | bundles/test_zip_directory.py | test_symbolic_links_stay_links
S6 | symbolic links are carried, never followed or made | bundles/test_iso.py | test_a_symbolic_link_of_rock_ridge_is_carried_as_a_link
S6 | symbolic links are carried, never followed or made | giveback/test_restore.py | test_a_link_in_a_zip_comes_back_as_a_file_and_is_never_made
S7 | duplicate names, case and Unicode collisions | bundles/test_zip_directory.py | test_duplicates_and_names_that_differ_in_case_are_reported test_a_safe_name_never_meets_one_that_is_there
S8 | two readers, two views | bundles/test_zip_directory.py | test_both_views_go_into_the_manifest test_a_comment_that_hides_another_end_is_refused
S9 | nested archives are not opened | bundles/test_zip_directory.py | test_a_zip_in_a_zip_is_named_and_not_opened
S10 | hostile DICOM | dicom/test_part10.py | test_value_beyond_the_end_is_cut_short test_bottomless_nesting_is_refused test_every_cut_is_noticed
S10 | hostile DICOM | dicom/test_image.py | test_impossible_attribute_is_left test_cut_short
S11 | hostile programs | classify/test_pe.py | test_version_info_made_to_be_read_for_ever_is_left test_resources_that_lead_to_themselves_are_left test_a_table_without_end_is_left
S12 | a codec that crashes or hangs costs one entry | test_carrying.py | test_a_crash_costs_one_entry_and_not_its_neighbours test_a_task_that_hangs_costs_one_entry_and_not_its_neighbours
S13 | rule files cannot run away | classify/test_patterns.py | test_a_runaway_regular_expression test_a_hostile_path_takes_no_time
S14 | names cannot drive a terminal | report/test_words.py | test_control_characters_of_names_cannot_drive_a_terminal
S15 | a program in a preamble is told, never started | planning/test_keeping.py | test_program_in_a_preamble_is_told_once
"""  # noqa: E501  a table

ROWS = [[cell.strip() for cell in line.split("|")] for line in TRAPS.splitlines() if line]
LAST = {"Z": 22, "R": 3, "W": 6, "I": 10, "F": 10, "S": 15}


@cache
def find_tests(file: str) -> frozenset[str]:
    """The test functions of a file that do something: an empty body or one that only skips is none."""
    found = ast.parse((TESTS / file).read_text("utf-8")).body
    return frozenset(
        node.name
        for node in found
        if isinstance(node, ast.FunctionDef) and any(_looks(part) for part in ast.walk(node))
    )


def _looks(part: ast.AST) -> bool:
    """Is something asserted here, or handed to a function that asserts?"""
    if isinstance(part, ast.Assert):
        return True
    called = part.func if isinstance(part, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in {"raises", "check", "refused"}


@pytest.mark.parametrize(("number", "promise", "file", "names"), ROWS)
def test_every_trap_has_its_tests(number: str, promise: str, file: str, names: str) -> None:
    assert promise, number
    assert names
    missing = set(names.split()) - find_tests(file)
    assert not missing, f"{number} ({promise}) has lost {missing} in tests/{file}"


def test_no_trap_is_left_out() -> None:
    numbers = {row[0] for row in ROWS}
    assert numbers == {f"{letter}{n}" for letter, last in LAST.items() for n in range(1, last + 1)}


def test_a_lost_test_is_noticed() -> None:
    assert "test_that_nobody_wrote" not in find_tests("bundles/test_traps.py")
    assert "test_a_lost_test_is_noticed" in find_tests("bundles/test_traps.py")


def test_the_table_names_every_line_of_the_notes_that_it_was_made_from() -> None:
    """Those notes are not part of the project; where they are, a line that was added to them is noticed."""
    notes = SHARED / "knowledge" / "containers.md"
    if not notes.is_file():
        pytest.skip("the notes on containers are not there")
    told = set(re.findall(r"^\| ([A-Z][0-9]+) \|", notes.read_text("utf-8"), re.MULTILINE))
    assert told
    assert told <= {row[0] for row in ROWS}
