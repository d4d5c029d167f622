"""Slices in the order of the patient, volumes, and planes the right way up."""

import pytest

from repack.dicom.showing import Placement
from repack.thumbnails import planes
from repack.thumbnails.planes import Slice

AXIAL, SAGITTAL, CORONAL = ((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (0, 0, -1)), ((1, 0, 0), (0, 0, -1))


def slices(count: int, edges: tuple = AXIAL, step: tuple = (0, 0, 2.0), **changes: object) -> list[Slice]:
    return [
        Slice(n, 0, 512, 512, count - n, Placement(tuple(part * n for part in step), *edges), **changes)
        for n in range(count)
    ]


def test_place_counts_more_than_number():
    shuffled = sorted(slices(20), key=lambda one: one.file * 7 % 20)
    assert [one.file for one in planes.in_order(shuffled)] == list(range(20))


def test_without_places_the_number_counts():
    plain = [Slice(n, 0, 8, 8, 9 - n, None) for n in range(9)]
    assert [one.instance for one in planes.in_order(plain)] == list(range(1, 10))


def test_a_localiser_comes_last_and_is_not_in_the_volume():
    localiser = Slice(99, 0, 300, 300, 0, Placement((0, 0, 0), *CORONAL))
    ordered = planes.in_order([localiser, *slices(20)])
    assert ordered[-1] == localiser
    stack = planes.find_stack(ordered)
    assert stack is not None
    assert len(stack.slices) == 20
    assert stack.gap == pytest.approx(2)


def test_few_slices_are_no_volume():
    assert planes.find_stack(planes.in_order(slices(planes.FEWEST - 1))) is None
    assert planes.find_stack([]) is None


def test_slices_at_one_place_count_once():
    stack = planes.find_stack(planes.in_order([*slices(20), *slices(20)]))
    assert stack is not None
    assert len(stack.slices) == 20


def test_a_hole_in_the_stack_makes_it_no_volume():
    pieces = [one for one in slices(60) if not 20 < one.file < 50]
    assert planes.find_stack(planes.in_order(pieces)) is None


def test_from_axial_slices_the_head_is_above_and_the_face_to_the_left():
    across = (0, 0, 1)  # slices from the feet to the head
    front = planes.find_view(across, (1, 0, 0))
    assert front == planes.View("coronal", is_transposed=False, is_upside_down=True, is_mirrored=False)
    side = planes.find_view(across, (0, 1, 0))
    assert side == planes.View("sagittal", is_transposed=False, is_upside_down=True, is_mirrored=False)
    from_above = planes.find_view((0, 0, -1), (1, 0, 0))
    assert from_above is not None
    assert not from_above.is_upside_down


def test_from_sagittal_slices_an_axial_plane_is_turned():
    view = planes.find_view((1, 0, 0), (0, 1, 0))
    assert view == planes.View("axial", is_transposed=True, is_upside_down=False, is_mirrored=False)


def test_a_plane_between_all_directions_has_no_name():
    assert planes.find_view((0.8, 0.6, 0), (0.8, -0.6, 0)) is None
