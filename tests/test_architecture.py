"""The house: who may import whom, which third parties live where, how long files and functions may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "repack"
LONGEST_FILE, LONGEST_FUNCTION = 300, 50

#: Module -> what of ours it may import. Imports go downward only: a module is listed after everything it uses.
MAY_IMPORT: dict[str, set[str]] = {
    "": set(),
    "errors": set(),
    "model.bundle": set(),
    "model.kinds": set(),
    "model.facts": {"model.bundle", "model.kinds"},
    "model.outcome": {"model.bundle", "model.kinds"},
    "model.plan": {"model.bundle", "model.facts", "model.kinds"},
    "model.checked": set(),
    "model": {"model.bundle", "model.checked", "model.facts", "model.kinds", "model.outcome", "model.plan"},
    "progress": set(),
    "stopwatch": set(),
    "deflate": {"model", "stopwatch"},
    "bundles.names": {"model"},
    "bundles.code_pages": set(),
    "bundles.stamps": {"model"},
    "bundles.limits": {"errors", "model"},
    "bundles.places": {"model"},
    "bundles.unrecognised": set(),
    "bundles.zip_directory": {"errors"},
    "bundles.zip_encryption": set(),
    "bundles.zip_methods": {"deflate"},
    "bundles.zipped": {"bundles.zip_encryption", "bundles.zip_methods", "deflate", "model", "stopwatch"},
    "bundles.zip_bundle": {
        "bundles.code_pages", "bundles.limits", "bundles.names", "bundles.places", "bundles.zip_directory",
        "bundles.zip_encryption", "bundles.zip_methods", "bundles.zipped", "deflate", "errors", "model",
    },
    "bundles.iso_image": {"bundles.stamps", "model"},
    "bundles.iso": {"bundles.iso_image", "bundles.limits", "bundles.names", "bundles.places", "errors", "model"},
    "bundles.folder": {"bundles.code_pages", "bundles.names", "bundles.stamps", "errors", "model"},
    "bundles": {"bundles.folder", "bundles.iso", "bundles.unrecognised", "bundles.zip_bundle", "errors", "model"},
    "codecs.frames": set(),
    "codecs.arrays": {"codecs.frames"},
    "codecs.plugins": {"codecs.arrays", "codecs.frames"},
    "codecs.charls": {"codecs.frames"},
    "codecs.jpegls": {"codecs.arrays", "codecs.charls", "codecs.frames", "codecs.plugins"},
    "codecs.jpeg2000": {"codecs.arrays", "codecs.frames"},
    "codecs.jpeglossless": {"codecs.arrays", "codecs.frames"},
    "codecs.jpegxl": {"codecs.arrays", "codecs.frames"},
    "codecs.rle": {"codecs.arrays", "codecs.frames", "codecs.plugins"},
    "codecs.jpeg": {"codecs.arrays", "codecs.frames"},
    "codecs": {
        "codecs.frames", "codecs.jpeg", "codecs.jpeg2000", "codecs.jpeglossless", "codecs.jpegls", "codecs.jpegxl",
        "codecs.rle",
    },
    "dicom": set(),
    "dicom.syntaxes": set(),
    "dicom.part10": set(),
    "dicom.header": {"deflate", "dicom.part10", "dicom.syntaxes"},
    "dicom.explicit": {"dicom.part10"},
    "dicom.bigendian": {"dicom.explicit", "dicom.part10"},
    "dicom.deflated": {"dicom.part10", "model"},
    "dicom.edit": {"dicom.part10"},
    "dicom.order": {"codecs", "codecs.frames", "dicom.syntaxes", "model"},
    "dicom.image": {"codecs.frames", "dicom.header", "dicom.part10", "dicom.syntaxes"},
    "dicom.encapsulated": {"dicom.edit", "dicom.header", "dicom.image", "dicom.part10"},
    "dicom.samples": {"codecs.frames", "dicom.image"},
    "dicom.source": {
        "codecs", "codecs.frames", "dicom.deflated", "dicom.encapsulated", "dicom.header", "dicom.image", "dicom.order",
        "dicom.part10", "dicom.samples", "dicom.syntaxes", "model",
    },
    "dicom.assemble": {
        "dicom.bigendian", "dicom.edit", "dicom.encapsulated", "dicom.explicit", "dicom.image", "dicom.part10",
    },
    "dicom.lossy_attributes": {"codecs.frames", "dicom.assemble", "dicom.edit", "dicom.image", "dicom.samples"},
    "dicom.written": {
        "codecs", "codecs.frames", "dicom.encapsulated", "dicom.header", "dicom.image", "dicom.part10", "dicom.samples",
        "dicom.syntaxes",
    },
    "dicom.transcode": {
        "codecs.frames", "dicom.assemble", "dicom.deflated", "dicom.explicit", "dicom.image", "dicom.lossy_attributes",
        "dicom.order", "dicom.part10", "dicom.samples", "dicom.source", "dicom.syntaxes", "dicom.written", "model",
        "stopwatch",
    },
    "dicom.dicomdir": {"dicom.header", "dicom.image", "dicom.part10"},
    "classify": set(),
    "classify.language_names": set(),
    "classify.cldr": set(),
    "classify.languages": {"classify.cldr", "classify.language_names"},
    "classify.patterns": {"classify.languages"},
    "classify.dotnet": set(),
    "classify.window": set(),
    "classify.pe": {"classify.dotnet", "classify.window", "model"},
    "classify.shortcuts": set(),
    "classify.choices": {"classify.languages"},
    "classify.mentions": {"classify.choices", "classify.shortcuts"},
    "classify.needs": {"bundles.names", "model"},
    "classify.runtimes": {"bundles.names", "classify.needs", "model"},
    "classify.units": {"bundles.names", "classify.needs", "classify.runtimes", "model"},
    "classify.references": {"bundles.names", "classify.mentions", "classify.needs", "classify.units", "model"},
    "classify.mistakes": {"errors"},
    "jsonschema": set(),
    "classify.rulefile": {"classify.mistakes", "classify.patterns", "errors", "jsonschema", "model"},
    "bundles.digests": {"bundles.zipped", "model", "stopwatch"},
    "classify.facts": {
        "bundles.digests", "classify.mentions", "classify.pe", "classify.window", "dicom.dicomdir", "dicom.header",
        "dicom.part10", "dicom.syntaxes", "model", "stopwatch",
    },
    "classify.surroundings": {"bundles.names", "classify.languages", "classify.patterns", "classify.rulefile", "model"},
    "classify.conditions": {
        "bundles.names", "classify.languages", "classify.patterns", "classify.rulefile", "classify.surroundings",
        "model",
    },
    "classify.siblings": {"bundles.names", "classify.languages", "model"},
    "classify.rules": {
        "bundles.names", "classify.conditions", "classify.references", "classify.rulefile", "classify.siblings",
        "classify.surroundings", "model",
    },
    "squeeze": {"deflate", "model", "stopwatch"},
    "outcomes": {
        "bundles.digests", "codecs.frames", "deflate", "dicom.image", "dicom.order", "dicom.syntaxes",
        "dicom.transcode", "model", "squeeze", "stopwatch",
    },
    "record.manifest": {"jsonschema", "model"},
    "record.restoredata": {"model"},
    "giveback.finished": {
        "bundles", "bundles.folder", "bundles.names", "errors", "model", "record.manifest", "record.restoredata",
    },
    "processes.interrupts": set(),
    "processes.shelf": set(),
    "processes.memory": set(),
    "processes.serving": {"processes.memory", "processes.shelf"},
    "processes.staff": {"processes.interrupts", "processes.serving", "processes.shelf"},
    "processes.jobs": {"processes.serving", "processes.shelf", "processes.staff"},
    "processes.workers": {
        "processes.interrupts", "processes.jobs", "processes.serving", "processes.staff", "stopwatch",
    },
    "giveback.originals": {
        "codecs.frames", "dicom.image", "dicom.part10", "dicom.syntaxes", "dicom.transcode", "dicom.written", "model",
        "processes.workers", "record.manifest",
    },
    "moving": {
        "bundles.names", "dicom.order", "errors", "giveback.finished", "giveback.originals", "model", "record.manifest",
    },
    "output.drafts": {"errors", "processes.interrupts"},
    "output.zipformat": {"model"},
    "output.structure": {"model", "output.zipformat"},
    "output.pagecache": set(),
    "output.growing": {"deflate", "errors", "model", "output.pagecache", "output.zipformat"},
    "output.archive": {
        "bundles.zipped", "deflate", "errors", "model", "output.drafts", "output.growing", "output.pagecache",
        "output.structure", "output.zipformat", "stopwatch",
    },
    "classify.matching": {"classify.cldr", "classify.language_names"},
    "planning.guards": {"classify.language_names", "classify.matching", "classify.references", "model"},
    "planning.keeping": {"dicom.order", "dicom.syntaxes", "model"},
    "planning.presets": {"dicom.syntaxes", "model"},
    "planning.locale_sets": {"classify.languages", "classify.matching", "model", "planning.guards"},
    "planning.plan": {
        "classify.matching", "classify.patterns", "classify.references", "model", "planning.guards", "planning.keeping",
        "planning.locale_sets", "planning.presets",
    },
    "planning.naming": set(),
    "planning.prerequisites": {"bundles.names", "model", "planning.naming"},
    "planning.remarks": {
        "classify.needs", "classify.rulefile", "codecs", "model", "planning.naming", "planning.prerequisites",
    },
    "planning.parts": {"model", "planning.plan"},
    "planning.preset_remarks": {"dicom.syntaxes", "model", "planning.presets"},
    "planning.nested": {"classify.mentions", "model"},
    "survey": {
        "bundles", "classify.facts", "classify.references", "classify.rulefile", "classify.rules", "errors",
        "giveback.finished", "model", "moving", "output.archive", "planning.nested", "planning.parts", "planning.plan",
        "planning.preset_remarks", "planning.remarks", "processes.workers", "progress", "stopwatch",
    },
    "record.recording": {"", "bundles.names", "codecs", "codecs.frames", "model", "record.manifest"},
    "dicom.subset": {"dicom.dicomdir", "dicom.image", "dicom.part10"},
    "following": {
        "bundles.digests", "classify.references", "deflate", "dicom.assemble", "dicom.dicomdir", "dicom.header",
        "dicom.image", "dicom.part10", "dicom.subset", "model", "moving", "record.manifest",
    },
    "course": {
        "deflate", "errors", "following", "model", "moving", "outcomes", "output.archive", "record.manifest",
        "record.recording",
    },
    "dicom.pieces": {
        "codecs.frames", "dicom.assemble", "dicom.encapsulated", "dicom.explicit", "dicom.header", "dicom.image",
        "dicom.order", "dicom.part10", "dicom.samples", "dicom.source", "dicom.syntaxes", "dicom.transcode", "model",
    },
    "piecewise": {
        "deflate", "dicom.header", "dicom.image", "dicom.order", "dicom.part10", "dicom.pieces", "model", "outcomes",
        "output.archive", "output.drafts", "output.growing", "processes.workers",
    },
    "lots": {"model", "outcomes", "processes.workers"},
    "output.readback": {
        "bundles.zipped", "errors", "model", "output.archive", "output.pagecache", "output.zipformat", "stopwatch",
    },
    "output.proving": {"errors", "lots", "model", "output.archive", "output.readback", "processes.workers"},
    "carrying": {
        "bundles.places", "course", "dicom.image", "errors", "following", "lots", "model", "moving", "outcomes",
        "output.archive", "output.proving", "output.readback", "piecewise", "processes.workers", "progress",
        "record.manifest", "record.recording", "record.restoredata",
    },
    "sourcefile": {"errors"},
    "record.leaflet": {"codecs", "dicom.syntaxes", "model", "record.manifest"},
    "conformance.disc": {"bundles.names", "classify.references", "dicom.syntaxes", "model", "record.manifest"},
    "conformance.findings": {"model"},
    "conformance.file_set": {"conformance.disc", "conformance.findings", "dicom.syntaxes", "model"},
    "conformance.pdi": {"bundles.names", "conformance.disc", "conformance.findings", "model"},
    "conformance.profiles": {
        "conformance.disc", "conformance.file_set", "conformance.findings", "dicom.syntaxes", "model",
    },
    "conformance.checks": {
        "conformance.disc", "conformance.file_set", "conformance.pdi", "conformance.profiles", "model",
    },
    "conformance.review": {"classify.facts", "conformance.checks", "conformance.disc", "model", "record.manifest"},
    "report.words": set(),
    "planning.ladder": {"model", "planning.presets"},
    "planning.sampling": set(),
    "planning.weighing": {
        "bundles.zipped", "conformance.review", "course", "deflate", "following", "model", "moving", "output.zipformat",
        "record.leaflet", "record.manifest", "record.recording", "record.restoredata",
    },
    "planning.large": {
        "deflate", "dicom.image", "dicom.order", "dicom.pieces", "model", "outcomes", "planning.sampling",
    },
    "planning.estimate": {
        "bundles.places", "bundles.zipped", "course", "errors", "following", "lots", "model", "moving", "outcomes",
        "piecewise", "planning.large", "planning.nested", "planning.sampling", "planning.weighing", "processes.workers",
        "progress",
    },
    "planning.again": {
        "course", "following", "model", "moving", "planning.estimate", "planning.sampling", "processes.workers",
        "progress",
    },
    "sizing": {
        "codecs", "errors", "model", "planning.again", "planning.estimate", "planning.ladder", "planning.parts",
        "planning.presets", "planning.remarks", "processes.workers", "progress", "report.words", "survey",
    },
    "headstart": {"lots", "model", "outcomes", "planning.keeping", "processes.workers"},
    "giveback.against": {"giveback.originals", "model", "output.archive", "output.structure", "record.manifest"},
    "giveback.verify": {
        "bundles", "classify.references", "dicom.dicomdir", "dicom.image", "errors", "giveback.against",
        "giveback.finished", "giveback.originals", "model", "outcomes", "output.archive", "output.structure",
        "processes.workers", "progress", "record.manifest",
    },
    "pipeline": {
        "carrying", "conformance.review", "dicom.order", "errors", "following", "giveback.finished", "giveback.verify",
        "headstart", "model", "moving", "outcomes", "output.archive", "output.drafts", "planning.estimate",
        "planning.parts", "planning.remarks", "processes.interrupts", "processes.workers", "progress", "record.leaflet",
        "record.manifest", "record.recording", "sizing", "sourcefile", "survey",
    },
    "report": set(),
    "report.unread": {"bundles.zipped", "model", "report.words"},
    "report.tables": {"dicom.syntaxes", "model", "record.manifest", "report.words"},
    "report.rules": {"classify.rulefile", "report.tables"},
    "report.contents": {
        "classify.languages", "classify.references", "classify.rulefile", "classify.rules", "model", "report.rules",
        "report.tables", "report.unread", "report.words",
    },
    "report.compared": {"classify.rulefile", "model", "report.tables", "report.words"},
    "report.planned_json": {"model"},
    "giveback.placing": {"bundles.names", "errors", "output.drafts"},
    "giveback.giving": {
        "deflate", "giveback.originals", "giveback.placing", "model", "output.drafts", "record.manifest",
    },
    "giveback.restore": {
        "classify.patterns", "errors", "giveback.finished", "giveback.giving", "giveback.originals", "giveback.placing",
        "model", "outcomes", "output.archive", "output.drafts", "output.proving", "output.readback",
        "processes.interrupts", "processes.workers", "progress",
    },
    "report.restored": {"giveback.restore", "model", "record.manifest", "report.tables", "report.words"},
    "report.verified": {"bundles.names", "giveback.verify", "report.tables", "report.words"},
    "report.journey": set(),
    "report.plain": {"report.words"},
    "report.console": {"report.journey", "report.plain", "report.tables", "report.words"},
    "cli.names": set(),
    "cli.completing": {"cli.names", "codecs", "model"},
    "cli.options": {
        "bundles.names", "classify.languages", "cli.completing", "cli.names", "codecs", "errors", "model",
        "planning.presets", "processes.workers",
    },
    "cli.opening": {"bundles.zip_bundle", "errors", "model"},
    "cli.previewing": {"model", "pipeline", "report.console", "survey"},
    "report.conformance": {"conformance.checks", "model", "record.manifest", "report.tables"},
    "codecs.png": set(),
    "dicom.groups": {"dicom.header", "dicom.part10"},
    "dicom.showing": {"dicom.groups", "dicom.header", "dicom.image"},
    "thumbnails.opening": {
        "codecs", "codecs.frames", "codecs.jpeg", "dicom.deflated", "dicom.encapsulated", "dicom.header", "dicom.image",
        "dicom.part10", "dicom.samples", "dicom.showing", "dicom.syntaxes", "model",
    },
    "thumbnails.planes": {"dicom.showing"},
    "thumbnails.scaling": set(),
    "thumbnails.tones": {"dicom.showing"},
    "thumbnails.drawing": {
        "codecs.png", "dicom.groups", "dicom.showing", "model", "thumbnails.opening", "thumbnails.planes",
        "thumbnails.scaling", "thumbnails.tones",
    },
    "thumbnails.person": {"dicom.header", "dicom.showing"},
    "thumbnails.headers": {
        "dicom.groups", "dicom.header", "dicom.showing", "dicom.syntaxes", "thumbnails.drawing", "thumbnails.opening",
        "thumbnails.person", "thumbnails.planes",
    },
    "thumbnails.looking": {
        "model", "processes.workers", "progress", "thumbnails.drawing", "thumbnails.headers", "thumbnails.person",
    },
    "report.page": {"thumbnails.drawing"},
    "report.treemap": {"report.page"},
    "report.html": {"report.page", "report.treemap"},
    "report.glossary": {"model"},
    "report.told": {"model", "record.manifest", "report.glossary", "thumbnails.looking", "thumbnails.person"},
    "report.accounts": {"model", "record.manifest", "report.glossary", "report.page", "report.told", "report.words"},
    "report.advice": {
        "codecs", "codecs.frames", "dicom.syntaxes", "model", "record.manifest", "report.page", "report.told",
        "report.words",
    },
    "report.areas": {
        "model", "record.manifest", "report.glossary", "report.page", "report.told", "report.words",
        "thumbnails.looking",
    },
    "report.cards": {
        "model", "record.manifest", "report.glossary", "report.page", "report.tables", "report.told", "report.words",
        "thumbnails.looking",
    },
    "report.telling": {
        "model", "record.manifest", "report.accounts", "report.advice", "report.areas", "report.cards", "report.page",
        "report.told", "report.words", "thumbnails.looking",
    },
    "cli.targets": {"errors", "output.drafts", "sourcefile"},
    "cli.report_file": {
        "", "cli.targets", "conformance.checks", "conformance.disc", "errors", "model", "pipeline",
        "processes.interrupts", "processes.workers", "progress", "report.conformance", "report.console", "report.html",
        "report.page", "report.telling", "report.told", "thumbnails.looking",
    },
    "cli.reporting": {
        "cli.options", "cli.report_file", "cli.targets", "errors", "model", "output.drafts", "pipeline",
        "report.console",
    },
    "cli.quickly": set(),
    "cli.helping": {"cli.names", "cli.quickly"},
    "report.codecs": {"codecs", "codecs.frames", "dicom.syntaxes", "report.tables"},
    "cli.looking": {
        "classify.patterns", "classify.rulefile", "classify.rules", "cli.helping", "cli.names", "cli.opening",
        "cli.options", "cli.previewing", "cli.reporting", "conformance.checks", "conformance.disc", "errors", "model",
        "pipeline", "planning.remarks", "report.codecs", "report.compared", "report.conformance", "report.console",
        "report.contents", "report.planned_json", "report.rules", "report.words", "survey",
    },
    "report.profile": {"report.tables", "stopwatch"},
    "report.planned": {"model", "report.tables", "report.unread", "report.words"},
    "cli.showing": {
        "cli.options", "cli.previewing", "cli.reporting", "cli.targets", "errors", "pipeline", "planning.parts",
        "processes.interrupts", "processes.workers", "progress", "record.manifest", "record.recording",
        "report.conformance", "report.console", "report.planned", "report.planned_json", "report.profile",
        "report.tables", "report.unread", "stopwatch",
    },
    "cli.job": {
        "", "cli.completing", "cli.helping", "cli.opening", "cli.options", "cli.showing", "cli.targets", "pipeline",
        "planning.presets", "processes.memory", "processes.workers", "report.console", "report.plain",
    },
    "cli.giveback": {
        "cli.completing", "cli.opening", "cli.options", "cli.targets", "errors", "giveback.restore", "giveback.verify",
        "processes.interrupts", "report.console", "report.restored", "report.verified", "report.words",
    },
    "cli.tools": {"cli.giveback", "cli.helping", "cli.looking"},
    "places.addresses": {"errors"},
    "batch.line": set(),
    "batch.lock": {"errors", "output.drafts"},
    "places.store": set(),
    "places.s3": {"places.store"},
    "places.sftp": {"places.addresses", "places.store"},
    "places.connecting": {"errors", "places.addresses", "places.s3", "places.sftp", "places.store"},
    "places.staging": {"errors", "output.drafts", "processes.interrupts"},
    "places.carriage": {
        "errors", "places.addresses", "places.connecting", "places.staging", "places.store", "processes.interrupts",
    },
    "batch.naming": {"batch.line", "batch.lock", "errors", "output.drafts", "places.addresses", "places.carriage"},
    "batch.identity": {"batch.line", "errors", "sourcefile"},
    "batch.elsewhere": {
        "batch.identity", "batch.line", "errors", "places.addresses", "places.carriage", "places.staging",
        "places.store",
    },
    "batch.orders": {"", "batch.line", "batch.naming", "bundles.names", "errors", "model"},
    "batch.outputs": {
        "batch.identity", "batch.line", "batch.orders", "bundles", "errors", "giveback.against", "giveback.finished",
        "giveback.verify", "model",
    },
    "batch.disc": {
        "", "batch.elsewhere", "batch.identity", "batch.line", "batch.lock", "batch.naming", "batch.orders",
        "batch.outputs", "bundles.names", "errors", "output.drafts", "pipeline", "places.addresses", "planning.nested",
        "record.manifest", "record.recording",
    },
    "batch.engine": {"batch.elsewhere", "batch.identity", "batch.line", "batch.orders", "errors", "processes.workers"},
    "batch.cluster": {"batch.disc", "batch.engine", "batch.line", "batch.orders", "errors", "processes.interrupts"},
    "batch.journal": {"batch.line", "batch.lock", "batch.naming", "errors", "processes.interrupts"},
    "batch.local": {
        "batch.disc", "batch.engine", "batch.line", "batch.orders", "errors", "processes.interrupts",
        "processes.serving", "processes.staff",
    },
    "batch.running": {
        "batch.cluster", "batch.engine", "batch.journal", "batch.line", "batch.local", "batch.lock", "batch.naming",
        "batch.orders", "errors", "output.drafts", "places.addresses", "places.staging", "processes.interrupts",
    },
    "report.batched": {"batch.line", "batch.running", "report.tables", "report.words"},
    "report.batch_progress": {"batch.line", "report.batched", "report.console", "report.words"},
    "batch.foretelling": {
        "batch.naming", "batch.orders", "errors", "pipeline", "places.addresses", "places.carriage",
        "planning.estimate",
    },
    "report.foretold": {"batch.foretelling", "bundles.names", "planning.estimate", "report.tables", "report.words"},
    "cli.batch": {
        "batch.foretelling", "batch.naming", "batch.orders", "batch.running", "cli.completing", "cli.helping",
        "cli.opening", "cli.options", "errors", "model", "places.addresses", "planning.estimate",
        "report.batch_progress", "report.batched", "report.console", "report.foretold", "survey",
    },
    "cli": {
        "cli.batch", "cli.completing", "cli.job", "cli.names", "cli.tools", "errors", "places.addresses",
        "processes.workers", "report.plain",
    },
    "recruiting": {"model", "outcomes", "processes.workers"},
    "__main__": {"cli", "processes.interrupts", "recruiting"},
    "giveback": set(),
    "output": set(),
    "planning": set(),
    "processes": set(),
    "record": set(),
    "conformance": set(),
    "thumbnails": set(),
    "api": {
        "bundles", "errors", "giveback.restore", "giveback.verify", "model", "output.structure", "pipeline", "progress",
        "record.manifest", "sourcefile",
    },
    "batch": set(),
    "places": set(),
}  # fmt: skip

#: Third-party package -> the modules that may know it.
THIRD_PARTIES: dict[str, set[str]] = {
    "Cryptodome": {"bundles.zip_encryption"},
    "aiohttp": {"places.s3"},
    "backports": {"bundles.zip_methods"},
    "botocore": {"places.s3"},
    "compression": {"bundles.zip_methods"},
    "distributed": {"batch.cluster"},
    "fsspec": {"places.s3", "places.sftp"},
    "imagecodecs": {
        "codecs.jpeg", "codecs.jpeg2000", "codecs.jpeglossless", "codecs.jpegls", "codecs.jpegxl", "codecs.png",
        "codecs.rle", "squeeze",
    },
    "inflate64": {"bundles.zip_methods"},
    "isal": {"deflate"},
    "jinja2": {"report.html"},
    "jpeg_ls": {"codecs.jpegls"},
    "langcodes": {"classify.cldr", "classify.matching"},
    "msgspec": {
        "batch.line", "classify.rulefile", "jsonschema", "record.manifest", "record.recording", "report.batched",
        "report.foretold", "report.planned_json", "report.rules", "report.verified",
    },
    "numpy": {
        "codecs.arrays", "codecs.charls", "codecs.png", "dicom.samples", "thumbnails.drawing", "thumbnails.scaling",
        "thumbnails.tones",
    },
    "openjpeg": {"codecs.jpeg2000"},
    "paramiko": {"places.sftp"},
    "pefile": {"classify.pe"},
    "pycdlib": {"bundles.iso_image"},
    "pydicom": {"codecs.plugins", "dicom.explicit", "dicom.header"},
    "rich": {"report.batch_progress", "report.console"},
    "rle": {"codecs.rle"},
    "typer": {
        "cli", "cli.batch", "cli.giveback", "cli.helping", "cli.job", "cli.looking", "cli.opening", "cli.options",
    },
}  # fmt: skip

#: An import of ours inside a function, and why it is there.
LAZY = {
    "__main__": "a spawned worker imports this module too, and must not load the whole command line",
    "cli.opening": "help and version are shown without loading what does the work",
    "cli": "only the commands that are called are loaded",
    "cli.job": "help and completion need nothing of what a run needs",
    "cli.options": "what knows languages takes a while to load, and few commands need it",
    "recruiting": "the workers load the codecs while the main process still reads the command line",
    "cli.reporting": "what writes a report takes longer to load than a small disc takes, and is rarely asked for",
}

#: Files over the mark, and why.
LONG_FILES: dict[str, str] = {}
COMMANDS = {"repack", "batch"}  # whose parameters are the options of the main job


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported name, and whether it is imported inside a function."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("repack.") in MODULES and whole.startswith("repack.")
                yield whole if is_module else str(node.module), id(node) in inside


def ours(name: str) -> str | None:
    if name == "repack":
        return ""
    return name.removeprefix("repack.") if name.startswith("repack.") else None


def test_the_table_names_every_module() -> None:
    assert set(MAY_IMPORT) == set(MODULES)


def test_the_table_goes_downward_only() -> None:
    seen: set[str] = set()
    for module, allowed in MAY_IMPORT.items():
        assert allowed <= seen, f"{module} may import {allowed - seen}, which stands below it"
        seen.add(module)


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_table(module: str) -> None:
    for name, is_inside in imports(MODULES[module]):
        target = ours(name)
        if target is not None:
            assert target in MAY_IMPORT[module], f"{module or 'repack'} must not import {target}"
            assert not is_inside or module in LAZY, f"{module} imports {target} inside a function"
        top = name.split(".")[0]
        if top in THIRD_PARTIES:
            assert module in THIRD_PARTIES[top], f"{module} must not know {top}"
        elif target is None:
            assert top in sys.stdlib_module_names, f"{module} imports {top}, which has no place in the table"


@pytest.mark.slow
def test_every_module_can_be_imported_alone() -> None:
    for module in MODULES:
        name = f"repack.{module}" if module else "repack"
        done = subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda path: path.name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE or path.name in LONG_FILES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in COMMANDS:
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path.name}: {node.name}"


@pytest.mark.lengthy
def test_only_the_console_prints() -> None:
    for module, path in MODULES.items():
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in calls or module == "report.plain"
