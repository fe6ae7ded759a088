"""A vendor as the rest of the agent knows it: rent, look, give back, list, read, ask for datapoints."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from probe.cloud.accounts import account_id
from probe.cloud.answer import Answer
from probe.cloud.auth.contract import AuthSurroundings, load_auth
from probe.cloud.budget import Budget
from probe.cloud.caller import Caller
from probe.cloud.complaint import VendorComplaint
from probe.cloud.entry import VendorEntry
from probe.cloud.errands import Grace, take_steps
from probe.cloud.file.errors import Verdict
from probe.cloud.file.instances import Instances
from probe.cloud.file.monitoring import InstancePoints, Monitoring, SeriesPoints
from probe.cloud.file.vendor import Capability, VendorFile
from probe.cloud.handles import Created, Handle, Progress, follow
from probe.cloud.holdings import delete_leftover, list_instances, list_leftovers, scope
from probe.cloud.instance import delete_instance, inspect_instance
from probe.cloud.line import Line, Sender
from probe.cloud.lookup import Directory
from probe.cloud.order import Leftover, Order, Points, View
from probe.cloud.ordering import place_order
from probe.cloud.reading import read_points
from probe.cloud.values import filter_values, order_values, subject_values, time_values
from probe.cloud.waiting import Pace
from probe.model.clock import Clock
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch


class Cloud:
    """One vendor entry, ready to be used by all its probes; remembers its token across runs.

    Every call counts in the meter. `read` and `datapoints` account the wire's phases on the run's stopwatch; the many
    exchanges of an instance's life do not.

    Attributes:
        entry: which vendor, and as whom.
        budget: how many requests may still be sent to the account; others may share it.
    """

    def __init__(
        self, entry: VendorEntry, wire: Sender, clock: Clock, meter: Meter, budget: Budget | None = None
    ) -> None:
        self.entry = entry
        self.budget = budget or Budget(clock, entry.allowance)
        self._clock = clock
        line = Line(entry, wire, clock, meter, self.budget)
        kind = load_auth(entry.file.auth.kind)
        options = kind.Options.model_validate(entry.file.auth.options)
        auth = kind.build(AuthSurroundings(entry=entry, options=options, line=line, clock=clock, meter=meter))
        self._caller = Caller(entry, line, auth)
        self._directory = Directory(self._caller, clock)

    @property
    def name(self) -> str:
        """The `vendor` label."""
        return self.entry.name

    @property
    def region(self) -> str:
        """The vendor's region."""
        return self.entry.region

    @property
    def file(self) -> VendorFile:
        """How its API is spoken to."""
        return self.entry.file

    @property
    def pace(self) -> Pace:
        """How often the vendor may be asked whether something has changed."""
        return Pace.of(self._instances.poll)

    @property
    def not_found_grace(self) -> float:
        """Seconds after a create for which the vendor may not know the instance."""
        return self._instances.not_found_grace

    @property
    def list_delay(self) -> float:
        """Seconds after a create for which the vendor's list may not show the instance."""
        return self._instances.list.delay

    def has(self, capability: Capability) -> bool:
        """Whether the vendor's file says how *capability* is used."""
        return self.file.has(capability)

    def read_operations(self) -> tuple[str, ...]:
        """The operations that `read` knows."""
        return self.file.read_operations()

    def account(self, key: str) -> str:
        """What tells the account that is spoken to from others, see `account_id`; *key* is the agent's id."""
        return account_id(self.entry, key)

    async def authenticate(self, watch: Stopwatch) -> None:
        """Have what is needed for a request; obtaining it is phase `auth`.

        Raises:
            ProbeFailed: it cannot be had.
            RunSkipped: the request budget is known to be used up for longer than the run may take.
        """
        await self._caller.authenticate(watch)

    async def resolve(self, size: str, image: str, watch: Stopwatch) -> tuple[str, str]:
        """The vendor's identifiers of a size and an image, which may be aliases, names or identifiers.

        What the vendor had to be asked is remembered, so that `create` after it asks nothing.

        Raises:
            ProbeFailed: the vendor could not be asked.
        """
        return (
            await self._directory.identify("sizes", self.file.sizes.find, self.entry.size(size), watch),
            await self._directory.identify("images", self.file.images.find, self.entry.image(image), watch),
        )

    async def read(self, operation: str, watch: Stopwatch) -> Answer:
        """Make the read *operation*; of a list, its first page. The wire's phases go to *watch*.

        Raises:
            ProbeFailed: there was no answer, or one that complains.
        """
        if operation == "list" and self.file.instances is not None:
            listing = self._instances.list.narrowed(scope({}, everything=False))
            return await self._caller.call("list", listing, filter_values(self.entry, {}), watch)
        return await self._caller.call(operation, self.file.reads[operation], {}, watch)

    async def create(self, order: Order, watch: Stopwatch) -> Created:
        """Rent an instance: the vendor's identifier of it, and what goes on after the answer. `complete` comes next.

        The request is sent once. It is repeated only when the vendor refused our token, and so has done nothing.

        Raises:
            ProbeFailed: it was refused, or nobody knows whether it was done.
        """
        size, image = await self.resolve(order.size, order.image, watch)
        values = order_values(self.entry, order, size, image, self._clock.wall())
        if watch.transcript is not None:  # what cloud-init is told may hold secrets, too
            self.entry.redactor.learn(str(values["password"]))
            self.entry.redactor.learn(order.user_data)
        return await place_order(self._caller, values, watch)

    async def complete(self, created: Created, watch: Stopwatch) -> Created:
        """Make the calls that the vendor wants after a create; what goes on after all of them.

        Raises:
            ProbeFailed: one of them failed. The instance is there nevertheless.
        """
        steps = self._instances.create.after
        if created.answer is None or not steps:
            return created
        grace = Grace(self._clock, self._clock.now() + self.not_found_grace)
        more = await take_steps(self._caller, steps, created.values, created.answer, watch, grace)
        return replace(created, handles=(*created.handles, *more))

    async def follow(self, handles: Sequence[Handle], watch: Stopwatch) -> Progress:
        """Ask once how works stand that go on at the vendor.

        Raises:
            ProbeFailed: the vendor could not be asked.
        """
        return await follow(self._caller, handles, watch)

    async def inspect(self, instance_id: str, watch: Stopwatch, *, addresses: bool = False) -> View | None:
        """How an instance is; None if the vendor says that there is none.

        With *addresses*, those of a ready instance are read where the vendor keeps them, if it does not show them.

        Raises:
            ProbeFailed: the vendor could not be asked.
        """
        return await inspect_instance(self._caller, instance_id, watch, addresses=addresses)

    async def delete(self, instance_id: str, watch: Stopwatch) -> tuple[Handle, ...]:
        """Give an instance back; that there is none is fine. What goes on after the answer, until it is done.

        Raises:
            ProbeFailed: the vendor did not acknowledge it.
        """
        return await delete_instance(self._caller, instance_id, watch)

    @property
    def residual_kinds(self) -> tuple[str, ...]:
        """What may outlive an instance of this vendor."""
        return () if self.file.instances is None else tuple(self.file.instances.residuals)

    @property
    def residual_delay(self) -> float:
        """Seconds after an instance is gone for which what came with it may still count as used."""
        return max((residual.delay for residual in self._instances.residuals.values()), default=0.0)

    async def residuals(
        self, kind: str, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[Leftover]:
        """Everything of the *kind* that the vendor has and that carries *marks*; without them, the mark of any agent.

        As for `inventory`: the vendor may filter, and whatever it does is checked on our side. With *everything*, what
        carries no mark is there, too, for kinds that cannot be marked.

        Raises:
            ProbeFailed: the list is not complete.
        """
        return await list_leftovers(self._caller, kind, watch, dict(marks or {}), everything=everything)

    async def delete_residual(self, kind: str, residual_id: str, watch: Stopwatch) -> None:
        """Delete what is left over; that there is none is fine.

        Raises:
            ProbeFailed: the vendor did not acknowledge it.
        """
        await delete_leftover(self._caller, kind, residual_id, watch)

    async def inventory(
        self, watch: Stopwatch, marks: Mapping[str, str] | None = None, *, everything: bool = False
    ) -> list[View]:
        """Every instance that the vendor still has and that carries *marks*; without them, the mark of any agent.

        The vendor may filter; whatever it does, only what carries the marks is in the result. With *everything*, what
        carries no mark of ours is there, too: it may be looked at, and nothing else.

        Raises:
            ProbeFailed: the list is not complete.
        """
        return await list_instances(self._caller, watch, dict(marks or {}), everything=everything)

    async def datapoints(self, subject: Mapping[str, object], watch: Stopwatch, since: float) -> Points:
        """The datapoints since *since* (seconds since 1970) of an `instance` or a `series`; the whole is phase `query`.

        Raises:
            ProbeFailed: the vendor could not be asked, or knows nothing of the subject (invalid).
        """
        operation = self._query(subject)
        values = {**subject_values(operation, subject), **time_values(since, self._clock.wall())}
        await self.authenticate(watch)
        with watch.phase(Phase.QUERY):
            try:
                answer = await self._caller.call("datapoints", operation, values, watch)
            except VendorComplaint as complaint:
                if complaint.verdict is Verdict.NOT_FOUND:
                    complaint.outcome = Outcome.INVALID  # it is the configuration that names it
                raise
            return read_points(operation.points, answer)

    @property
    def _instances(self) -> Instances:
        return self._caller.instances

    @property
    def _monitoring(self) -> Monitoring:
        if self.file.monitoring is None:
            raise ProbeFailed(Outcome.INVALID, f"the file of {self.file.vendor} says nothing of monitoring")
        return self.file.monitoring

    def _query(self, subject: Mapping[str, object]) -> InstancePoints | SeriesPoints:
        monitoring = self._monitoring
        query = monitoring.series if "series" in subject else monitoring.instance
        if query is None:
            raise ProbeFailed(Outcome.INVALID, f"the file of {self.file.vendor} cannot ask for {', '.join(subject)}")
        return query
