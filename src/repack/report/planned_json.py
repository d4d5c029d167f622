"""A plan as JSON, for `--dry-run --json` and `inspect --json`."""

from collections.abc import Mapping, Sequence

import msgspec

from repack.model import Plan


def encode(plan: Plan, checks: Sequence[Mapping[str, str]] = ()) -> bytes:
    """Every entry with its category, rule and decision; no header value of any image. `checks` of `inspect`."""
    entries = [
        {
            "path": line.entry.path,
            "category": line.verdict.category,
            "rule": line.verdict.rule,
            "why": line.verdict.why,
            "locale": line.verdict.locale.tag if line.verdict.locale else None,
            "transfer_syntax": line.facts.dicom.transfer_syntax if line.facts.dicom else None,
            "action": line.decision.action,
            "reason": line.decision.reason,
            "wish": line.decision.wish or None,
            "size": line.entry.size,
            "stored": line.entry.stored,
        }
        for line in plan.lines
    ]
    document = {"schema": "repack-plan-1", "entries": entries, "warnings": plan.warnings}
    if checks:
        document["conformance"] = checks
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
