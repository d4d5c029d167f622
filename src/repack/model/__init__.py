"""The nouns of the design: bundle, entry, fact, verdict, decision, plan, outcome.

Everything here is frozen, slotted and picklable: it travels to worker processes and back, and nobody can change it
on the way. "Not done, and why" is a value (`KeptAsIs`), never an exception.
"""

from repack.model.bundle import (
    DEFLATED,
    NO_LIMITS,
    PASSWORD_VARIABLE,
    STORED,
    Access,
    Bundle,
    Digest,
    Entry,
    EntryName,
    EntryUnreadable,
    Limits,
    Packed,
    Place,
    Placed,
    Raw,
    Stamp,
    Streamed,
)
from repack.model.checked import Finding, Grade, Result
from repack.model.facts import DicomFacts, DirectoryFacts, Facts, LocaleName, PeFacts, Verdict
from repack.model.kinds import LEAFLET_NAME, MANIFEST_NAME, OUR_FOLDER, RESTORE_NAME, Action, Category, Proof
from repack.model.outcome import Content, Deflating, Dropped, KeptAsIs, Lost, Outcome, Restorable, Transcoded
from repack.model.plan import Decision, Plan, Planned, Wishes

__all__ = [
    "DEFLATED",
    "LEAFLET_NAME",
    "MANIFEST_NAME",
    "NO_LIMITS",
    "OUR_FOLDER",
    "PASSWORD_VARIABLE",
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
    "Digest",
    "DirectoryFacts",
    "Dropped",
    "Entry",
    "EntryName",
    "EntryUnreadable",
    "Facts",
    "Finding",
    "Grade",
    "KeptAsIs",
    "Limits",
    "LocaleName",
    "Lost",
    "Outcome",
    "Packed",
    "PeFacts",
    "Place",
    "Placed",
    "Plan",
    "Planned",
    "Proof",
    "Raw",
    "Restorable",
    "Result",
    "Stamp",
    "Streamed",
    "Transcoded",
    "Verdict",
    "Wishes",
]
