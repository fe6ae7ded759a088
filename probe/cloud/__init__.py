from typing import TYPE_CHECKING

from probe.model.doors import door

if TYPE_CHECKING:
    from probe.cloud.answer import Answer
    from probe.cloud.auth.contract import credential_complaints
    from probe.cloud.budget import Budget, Budgets
    from probe.cloud.cloud import Cloud
    from probe.cloud.complaint import VendorComplaint
    from probe.cloud.entry import Allowance, VendorEntry, entry_complaints
    from probe.cloud.file.errors import Verdict
    from probe.cloud.file.vendor import Capability, VendorFile
    from probe.cloud.handles import Created, Handle, Progress
    from probe.cloud.loading import (
        VendorFileRefused,
        load_vendor_file,
        load_vendor_files,
        vendor_file_schema,
    )
    from probe.cloud.marks import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, MARK_RUN
    from probe.cloud.order import Leftover, Order, Points, View
    from probe.cloud.waiting import Pace, Seen, has_address, is_gone, is_ready, poll

__all__ = [
    "MARK_AGENT",
    "MARK_EXPIRES",
    "MARK_LEASE",
    "MARK_RUN",
    "Allowance",
    "Answer",
    "Budget",
    "Budgets",
    "Capability",
    "Cloud",
    "Created",
    "Handle",
    "Leftover",
    "Order",
    "Pace",
    "Points",
    "Progress",
    "Seen",
    "VendorComplaint",
    "VendorEntry",
    "VendorFile",
    "VendorFileRefused",
    "Verdict",
    "View",
    "credential_complaints",
    "entry_complaints",
    "has_address",
    "is_gone",
    "is_ready",
    "load_vendor_file",
    "load_vendor_files",
    "poll",
    "vendor_file_schema",
]

_HOMES = {
    "answer": ("Answer",),
    "auth.contract": ("credential_complaints",),
    "budget": (
        "Budget",
        "Budgets",
    ),
    "cloud": ("Cloud",),
    "complaint": ("VendorComplaint",),
    "entry": (
        "Allowance",
        "VendorEntry",
        "entry_complaints",
    ),
    "file.errors": ("Verdict",),
    "file.vendor": (
        "Capability",
        "VendorFile",
    ),
    "handles": (
        "Created",
        "Handle",
        "Progress",
    ),
    "loading": (
        "VendorFileRefused",
        "load_vendor_file",
        "load_vendor_files",
        "vendor_file_schema",
    ),
    "marks": (
        "MARK_AGENT",
        "MARK_EXPIRES",
        "MARK_LEASE",
        "MARK_RUN",
    ),
    "order": (
        "Leftover",
        "Order",
        "Points",
        "View",
    ),
    "waiting": (
        "Pace",
        "Seen",
        "has_address",
        "is_gone",
        "is_ready",
        "poll",
    ),
}
__getattr__ = door(__name__, _HOMES)
