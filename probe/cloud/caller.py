"""Makes the calls that a vendor file describes: renders, authenticates, sends, and follows pages."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx

from probe.cloud.answer import Answer, Wanted
from probe.cloud.auth.contract import Auth
from probe.cloud.complaint import VendorComplaint
from probe.cloud.entry import VendorEntry
from probe.cloud.file.instances import Instances
from probe.cloud.file.listing import Listing
from probe.cloud.file.operation import Operation
from probe.cloud.file.vendor import Endpoint
from probe.cloud.hosts import HostRefused, checked_url
from probe.cloud.line import Line
from probe.cloud.paging import NextPage, endless, next_page
from probe.cloud.places import requoted
from probe.cloud.reading import items_of
from probe.cloud.rendering import render
from probe.cloud.values import common_values
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import WIRE_PHASES
from probe.model.stopwatch import Fact, Stopwatch

_FIRST: Final = NextPage()


class _Renewed(Exception):  # noqa: N818 - nothing is wrong: the call is to be made once more
    """Raised when the vendor refused credentials that can be renewed."""


class Caller:
    """Calls one vendor, as one customer of it.

    Attributes:
        entry: which vendor, and as whom.
    """

    def __init__(self, entry: VendorEntry, line: Line, auth: Auth) -> None:
        self.entry = entry
        self._line = line
        self._auth = auth
        self._common: Mapping[str, object] = common_values(entry)

    @property
    def instances(self) -> Instances:
        """How the vendor's file says that instances are rented.

        Raises:
            ProbeFailed: invalid: it does not.
        """
        file = self.entry.file
        if file.instances is None:
            raise ProbeFailed(Outcome.INVALID, f"the file of {file.vendor} says nothing of instances")
        return file.instances

    async def authenticate(self, watch: Stopwatch) -> None:
        """Have what is needed for a request; obtaining it is phase `auth`.

        Raises:
            ProbeFailed: it cannot be had.
            RunSkipped: the request budget is known to be used up for longer than the run may take.
        """
        self._line.check(watch)
        await self._line.opened("read", watch)
        await self._auth.ready(watch)

    async def call(
        self,
        name: str,
        operation: Operation,
        values: Mapping[str, object],
        watch: Stopwatch,
        *,
        account: Stopwatch | None = None,
        page: NextPage = _FIRST,
    ) -> Answer:
        """Make one call.

        An answer that says our credentials are no longer good renews them once and repeats the call, which the vendor
        has certainly not done; only the repetition's phases count.

        Args:
            name: what it is counted as.
            operation: the call.
            values: for its templates, beside those that every call has.
            watch: the run's stopwatch, for authentication.
            account: where the wire's phases go; *watch* if it is not given.
            page: which page is wanted.

        Raises:
            VendorComplaint: the vendor did not do it.
            ProbeFailed: there was no answer.
        """
        account = account or watch
        try:
            return await self._attempt(name, operation, values, watch, account, page, renew=True)
        except _Renewed:
            for phase in WIRE_PHASES:
                account.phases.pop(phase, None)
        return await self._attempt(name, operation, values, watch, account, page, renew=False)

    async def call_aside(
        self, name: str, operation: Operation, values: Mapping[str, object], watch: Stopwatch
    ) -> Answer:
        """Make a call of an instance's life, whose wire phases are not the run's; its request id is.

        Raises:
            VendorComplaint: the vendor did not do it.
            ProbeFailed: there was no answer.
        """
        account = watch.aside()
        try:
            return await self.call(name, operation, values, watch, account=account)
        finally:
            if Fact.REQUEST_ID in account.facts:
                watch.facts[Fact.REQUEST_ID] = account.facts[Fact.REQUEST_ID]

    def failure_inside(self, answer: Answer, code: str, message: str) -> VendorComplaint:
        """What it means that *answer* said success, and tells of work that failed."""
        return self._line.judge.failure_inside(answer, code, message)

    async def _attempt(
        self,
        name: str,
        operation: Operation,
        values: Mapping[str, object],
        watch: Stopwatch,
        account: Stopwatch,
        page: NextPage,
        *,
        renew: bool,
    ) -> Answer:
        """Send it once, when its turn has come; `_Renewed` if *renew* and sending it with new credentials may help."""
        await self._line.opened(name, watch)
        base = await self._base(operation.endpoint, watch)
        async with self._line.turn(name, watch):
            request = self._prepare(operation, values, base, page)
            try:
                return await self._exchange(name, operation, request, account)
            except VendorComplaint as complaint:
                if renew and complaint.renewable and self._auth.invalidate(request):
                    raise _Renewed from complaint
                raise

    async def pages(
        self, name: str, listing: Listing, values: Mapping[str, object], watch: Stopwatch, account: Stopwatch
    ) -> AsyncIterator[tuple[Answer, list[object]]]:
        """Every page of a list, with its items.

        Raises:
            VendorComplaint: a page was refused, or the list does not end.
            ProbeFailed: there was no answer.
        """
        page: NextPage | None = _FIRST
        seen: set[NextPage] = set()
        base = httpx.URL(await self._base(listing.endpoint, watch))
        while page is not None:
            if page in seen or len(seen) >= listing.max_pages:
                raise endless(listing)
            seen.add(page)
            answer = await self.call(name, listing, values, watch, account=account, page=page)
            items = items_of(listing.items, answer)
            yield answer, items
            page = next_page(listing, answer, items, base, page)

    def _prepare(self, operation: Operation, values: Mapping[str, object], base: str, page: NextPage) -> httpx.Request:
        request = render(operation, self._endpoint(operation), base, {**self._common, **values}, dict(page.parameters))
        if page.address:
            request.url = request.url.copy_with(raw_path=requoted(page.address))
        self._auth.stamp(request, self._endpoint(operation))
        return request

    async def _exchange(self, name: str, operation: Operation, request: httpx.Request, account: Stopwatch) -> Answer:
        wanted = Wanted(
            codec=self._endpoint(operation).codec,
            statuses=operation.expect,
            complaint=operation.complaint,
            clocked=self._auth.clocked,
        )
        return await self._line.ask(name, request, account, wanted)

    def _endpoint(self, operation: Operation) -> Endpoint:
        return self.entry.file.endpoints[operation.endpoint]

    async def _base(self, name: str, watch: Stopwatch) -> str:
        """The URL of the endpoint *name*, once everything is there that a request to it needs."""
        await self._auth.ready(watch)
        entry, endpoint = self.entry, self.entry.file.endpoints[name]
        try:
            url = entry.url(name)
            if url is None and endpoint.catalog is not None:
                told = self._auth.catalog(endpoint.catalog)
                url = None if told is None else checked_url(told, insecure_http=entry.insecure_http)
        except HostRefused as error:
            raise ProbeFailed(Outcome.INVALID, f"endpoint {name}: {error}") from error
        if url is None:
            raise ProbeFailed(Outcome.INVALID, f"{entry.name} in {entry.region} has no endpoint `{name}`")
        return url
