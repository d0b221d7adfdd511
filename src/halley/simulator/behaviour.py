"""The simulator itself: one request and the time in, one reply out.

No clock, no sleep, no socket: `now` arrives, every wait leaves inside the reply. The same seed and
the same sequence of (request, now) give the same replies. `handle` is not thread-safe: a face that
serves several requests at once holds one lock around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil
from random import Random

from halley.simulator import gates, routes, stamps
from halley.simulator.catalogue import with_models
from halley.simulator.delivery import Served, delivered, objected, refused
from halley.simulator.desk import Desk
from halley.simulator.faults import FAULTS, Fault, Refuse, outage_fault
from halley.simulator.forms import fields_of, fingerprint_of
from halley.simulator.keys import key_of
from halley.simulator.ledger import CALL_HEADER, Entry, Ledger
from halley.simulator.limits import Gate
from halley.simulator.model import SimReply, SimRequest
from halley.simulator.pages import PAGES, page_reply, redirect
from halley.simulator.profile import Profile, Shares, profile_named
from halley.simulator.routes import GENERATING
from halley.simulator.scene import Scene
from halley.simulator.script import Cursor, Step

_REFUSED_BY_LIMIT = 429
_MAY_TELL_WAIT = (429, 503)


class Simulator:
    """A CometAPI that misbehaves on purpose.

    Args:
        profile: A `Profile`, or the name of one in `PROFILES`.
        seed: Chooses the run; the same seed gives the same faults to the same calls.
        script: Steps to play before the profile has a say.
        models: Further models this service has, beside those of its catalogue.

    Raises:
        ValueError: There is no profile of this name.
    """

    def __init__(
        self,
        *,
        profile: Profile | str = "calm",
        seed: int = 0,
        script: Sequence[Step] | None = None,
        models: Iterable[str] = (),
    ) -> None:
        self.profile = profile_named(profile)
        self.seed = seed
        self.ledger = Ledger()
        self._script = Cursor(script or ())
        self._desk = Desk(with_models(models), self.profile.tasks)
        self._gates: dict[str, Gate] = {}
        self._first_at: float | None = None

    def __repr__(self) -> str:
        """Profile, seed and what happened so far."""
        return f"<Simulator {self.profile.name}, seed {self.seed}, {self.ledger!r}>"

    def handle(self, request: SimRequest, now: float, *, speed: float = 1.0) -> SimReply:
        """Answer one request.

        Args:
            request: The whole request, body included.
            now: Seconds since `EPOCH_S`, not less than in the call before.
            speed: Every wait in the reply, and the times of tasks and outages, are divided by it.
        """
        scene = self._scene(request, now, speed)
        served = self._serve(scene)
        reply = self._finished(scene, served.reply).faster(speed)
        if scene.wire in GENERATING and reply.status != _REFUSED_BY_LIMIT:
            self._gate(scene).occupy(now + reply.duration_s)
        self._record(scene, served, reply)
        return reply

    def _scene(self, request: SimRequest, now: float, speed: float) -> Scene:
        self._first_at = now if self._first_at is None else self._first_at
        fingerprint = fingerprint_of(request)
        call = request.headers.get(CALL_HEADER, "")
        group = call or fingerprint
        rng = Random(f"{self.seed}/{group}/{self.ledger.arrival(group)}")  # noqa: S311 a simulation
        return Scene(
            request=request,
            now=now,
            speed=speed,
            rng=rng,
            match=routes.match(request.method, request.path),
            fields=fields_of(request),
            key=key_of(request),
            call=call,
            fingerprint=fingerprint,
            request_id=stamps.request_id(now, rng),
            latency=self.profile.latency,
        )

    def _serve(self, scene: Scene) -> Served:
        step = self._script.take(scene)
        if step is not None:
            return self._played(scene, step)
        if outage := self._outage(scene):
            return refused(scene, outage)
        if refusal := self._way(scene) or self._limited(scene) or self._shape(scene):
            return refusal
        fault = self._drawn(scene)
        served = self._worked(scene, fault)
        return served if fault is None else self._may_tell_wait(scene, served)

    def _played(self, scene: Scene, step: Step) -> Served:
        if isinstance(step.fault, Refuse):
            served = refused(scene, step.fault)
        else:
            served = self._way(scene) or self._shape(scene) or self._worked(scene, step.fault)
        return served.with_headers(*step.headers.items())

    def _worked(self, scene: Scene, fault: Fault | None) -> Served:
        if isinstance(fault, Refuse):
            return refused(scene, fault)
        answer = self._desk.answer(scene)
        if isinstance(answer, gates.Objection):
            return objected(scene, answer)
        return delivered(scene, answer, fault)

    def _way(self, scene: Scene) -> Served | None:
        if scene.match is None:
            return self._lost_way(scene)
        objection = gates.at_the_door(scene)
        return objected(scene, objection) if objection else None

    def _shape(self, scene: Scene) -> Served | None:
        objection = gates.at_the_desk(scene, self._desk.catalogue)
        return objected(scene, objection) if objection else None

    def _lost_way(self, scene: Scene) -> Served:
        path = scene.request.path
        if routes.relayed(path):
            return objected(scene, gates.Objection("invalid_url"))
        if self.profile.redirect and not path.startswith("/app"):
            return Served(redirect(path), final=True)
        return Served(page_reply(PAGES["html_200"], scene.rng), final=True)

    def _limited(self, scene: Scene) -> Served | None:
        excess = self._gate(scene).admit(scene.now) if scene.wire in GENERATING else None
        if excess is None:
            return None
        words = {
            "calls": str(self.profile.limits.per_minute),
            "wait": f"{ceil(excess.wait_s * 1000)}ms",
        }
        served = Served(scene.error(excess.row, **words), fault=excess.row)
        return self._may_tell_wait(scene, served, wait_s=excess.wait_s)

    def _may_tell_wait(self, scene: Scene, served: Served, wait_s: float = 1.0) -> Served:
        """Some refusals that a wait would cure say how long, in whole seconds."""
        curable = served.reply.status in _MAY_TELL_WAIT and not served.final
        if not curable or served.reply.header("retry-after") is not None:
            return served
        if scene.rng.random() >= self.profile.retry_after:
            return served
        return served.with_headers(("retry-after", str(ceil(wait_s))))

    def _gate(self, scene: Scene) -> Gate:
        return self._gates.setdefault(scene.key, Gate(self.profile.limits))

    def _outage(self, scene: Scene) -> Refuse | None:
        elapsed_s = (scene.now - (self._first_at or 0.0)) * scene.speed
        for outage in self.profile.outages:
            if outage.covers(elapsed_s):
                return outage_fault(outage.fault)
        return None

    def _drawn(self, scene: Scene) -> Fault | None:
        """The fault of the model, else of the call, else of this request, else of its stream."""
        profile = self.profile
        if scene.wire in GENERATING:
            if scene.model in profile.barred:
                return FAULTS[profile.barred[scene.model]]
            for_all = Random(f"{self.seed}/{scene.group}")  # noqa: S311 a simulation
            if fault := _pick(profile.permanent, for_all):
                return fault
        shares = profile.paid if scene.paid else profile.faults
        fault = _pick(shares, scene.rng)
        if fault is None and scene.stream:
            fault = _pick(profile.streams, scene.rng)
        return fault

    def _finished(self, scene: Scene, reply: SimReply) -> SimReply:
        """The reply with its latency and its date."""
        reply = replace(reply, latency_s=reply.latency_s + self.profile.latency.draw(scene.rng))
        if reply.status == 0 or reply.header("date") is not None:
            return reply
        return reply.with_headers(("date", stamps.http_date(scene.now)))

    def _record(self, scene: Scene, served: Served, reply: SimReply) -> None:
        entry = Entry(
            now=scene.now,
            key=self.ledger.alias(scene.key),
            method=scene.request.method,
            path=scene.request.path,
            model=scene.model,
            fingerprint=scene.fingerprint,
            call=scene.call,
            paid=scene.paid,
            request_id=scene.request_id,
            status=reply.status or None,
            outcome=served.outcome,
            fault=served.fault,
            amount_usd=served.amount_usd,
            llm_tokens=served.llm_tokens,
        )
        self.ledger.record(entry, reply, final=served.final)


def _pick(shares: Shares, rng: Random) -> Fault | None:
    """One fault, each with its share; None with what is left of 1."""
    point = rng.random()
    for name, share in shares.items():
        point -= share
        if point < 0:
            return FAULTS[name]
    return None
