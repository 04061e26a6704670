"""Real clients on a machine that must be rebooted: set aside while a tool runs, they go on when all is up again."""

import pytest
from tests.agents.conftest import left_of, runs_step
from tests.crash.conftest import lose_everything, settle

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("name", ["codex", "gemini", "opencode"])
def test_two_of_one_directory_go_on_after_a_reboot(name, agent, model, house):
    """Each with its own conversation, once tasks may start again; nothing of them is left meanwhile."""
    one = agent(name)
    house.start()
    with house.client() as client:
        for task, prompt in (("alpha", "Alpha STEPS=2 SLEEP=61"), ("beta", "Beta STEPS=2 SLEEP=61")):
            client.submit(one.command(prompt), name=task, agent=name)
        trees = [settle(lambda task=task: runs_step(client.get(task).pid)) for task in ("alpha", "beta")]
        sessions = [settle(lambda task=task: client.get(task).session) for task in ("alpha", "beta")]
        client.drain(suspend=True)
        settle(lambda: not any(left_of(tree) for tree in trees))
        assert [(view.state, view.is_over) for view in client.list()] == [("queued", False)] * 2

        lose_everything(house)
        house.tell("UPDATE attempt SET body = json_set(body, '$.leader.boot_id', 'an earlier boot')")
        house.start()
        client.drain(on=False)
        views = {view.id: view for view in client.wait("alpha", "beta", timeout_s=120).tasks}

    assert [(each.outcome.kind, each.attempt) for each in views.values()] == [("succeeded", 2)] * 2
    assert [views[task].session for task in ("alpha", "beta")] == sessions
    for task, prompt in (("alpha", "Alpha STEPS"), ("beta", "Beta STEPS")):
        said = views[task].agent.message
        assert "I see 2 user turn(s)" in said
        assert prompt in said
