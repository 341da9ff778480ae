"""The canary against the simulated CRMs, whose search really is blind for ten seconds."""

from simulation import process
from simulation.world import World


def test_the_search_lag_is_measured_without_an_object_of_its_own(monkeypatch):
    settings_of = process.settings_of
    watched = {"canary_every_s": 3600}
    monkeypatch.setattr(process, "settings_of", lambda crm: settings_of(crm).model_copy(update=watched))
    with World() as world:
        world.mail(["a"])
        world.work()
        senders = [actor for actor in world.processes["host0"].actors if actor.account]
        for _ in range(30):
            world.clock.pass_(1)
            for sender in senders:  # a thread without work comes by, too
                world.run(sender)
        world.calm()
        lines = [line for line in world.logs if line["event"] == "search_lag_measured"]
        assert {line["sink"] for line in lines} == {"lanes", "single"}
        for line in lines:
            assert world.crms[0].lag_s - 1 <= line["seconds"] <= world.crms[0].lag_s + 15
            assert (line["log_level"], line["configured_s"]) == ("warning", world.crms[0].lag_s)
