"""The nouns of the design: bundle, entry, fact, verdict, decision, plan, outcome.

Everything here is frozen, slotted and picklable: it travels to worker processes and back, and nobody can change it
on the way. "Not done, and why" is a value (`KeptAsIs`), never an exception.
"""

from repack.model.bundle import (
    DEFLATED,
    NO_LIMITS,
    STORED,
    Access,
    Bundle,
    Entry,
    EntryName,
    EntryUnreadable,
    Limits,
    Packed,
    Place,
    Raw,
    Stamp,
    Streamed,
)
from repack.model.facts import DicomFacts, Facts, LocaleName, PeFacts, Verdict
from repack.model.kinds import (
    LEAFLET_NAME,
    MANIFEST_NAME,
    OUR_FOLDER,
    RESTORE_NAME,
    Action,
    Category,
    Proof,
    Purpose,
    SplitBy,
)
from repack.model.outcome import Content, Deflating, Dropped, KeptAsIs, Lost, Outcome, Restorable, Transcoded
from repack.model.plan import Decision, Part, Plan, Planned, Wishes

__all__ = [
    "DEFLATED",
    "LEAFLET_NAME",
    "MANIFEST_NAME",
    "NO_LIMITS",
    "OUR_FOLDER",
    "RESTORE_NAME",
    "STORED",
    "Access",
    "Action",
    "Bundle",
    "Category",
    "Content",
    "Decision",
    "Deflating",
    "DicomFacts",
    "Dropped",
    "Entry",
    "EntryName",
    "EntryUnreadable",
    "Facts",
    "KeptAsIs",
    "Limits",
    "LocaleName",
    "Lost",
    "Outcome",
    "Packed",
    "Part",
    "PeFacts",
    "Place",
    "Plan",
    "Planned",
    "Proof",
    "Purpose",
    "Raw",
    "Restorable",
    "SplitBy",
    "Stamp",
    "Streamed",
    "Transcoded",
    "Verdict",
    "Wishes",
]
