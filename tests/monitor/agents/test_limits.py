"""Who is refused for a while is known, and until when, as far as it is said."""

from datetime import UTC, datetime

import pytest

from procession.monitor.agents.resume_time import resume_time

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.mark.parametrize(
    ("said", "after_s"),
    [
        ("Rate limit reached. Please try again in 20s.", 20),
        ("Please try again in 1.898s. Visit the page", 1.898),
        ("try again in 350ms", 0.35),
        ("Please try again in 6m0s.", 360),
        ("try again in 1h2m3.5s", 3723.5),
        ("or try again in 5 days 22 hours 11 minutes.", 5 * 86400 + 22 * HOUR + 11 * 60),
        ("try again in 1 day, 2 hours and 5 minutes", 86400 + 2 * HOUR + 300),
        ("Your quota will reset after 5h2m.", 5 * HOUR + 120),
        ("retry after 30 seconds", 30),
        ("Retry-After: 42", 42),
        ('"retry_after": 7.5', 7.5),
        ('{"retryDelay": "34s"}', 34),
        ('"resets_in_seconds":9568', 9568),
        ("resets at 3pm (UTC)", 3 * HOUR),
        ("You've hit your limit · resets 2:30pm (UTC)", 2.5 * HOUR),
        ("resets 12am (UTC)", 12 * HOUR),
        ("resets 11am (UTC)", 23 * HOUR),
        ("resets at 15:00 UTC", 3 * HOUR),
        ("try again at Nov 24th, 2026 1:00 PM UTC", 25 * HOUR),
        ("try again at 2026-11-23T12:05:00Z", 300),
        ("until 2026-11-23 13:05:00+01:00", 300),
        ("Please wait 20s", 20),
        (f"Claude AI usage limit reached|{int(NOW) + 60}", 60),
        (20, 20),
        ("20", 20),
        ("20s", 20),
        (NOW + 9, 9),
        ((NOW + 9) * 1000, 9),
    ],
)
def test_a_time_is_read_as_it_is_said(said, after_s):
    """In words, numbers, clocks."""
    assert resume_time(said, NOW) == pytest.approx(NOW + after_s, abs=0.01)


def test_a_day_of_the_next_year_may_be_said_without_it():
    """In December, of January."""
    december = datetime(2026, 12, 31, 12, 0, tzinfo=UTC).timestamp()

    assert resume_time("try again at Jan 1st, 1:00 PM UTC", december) == december + 25 * HOUR


def test_a_clock_of_another_zone_is_read():
    """Where zones are known here."""
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zoneinfo.ZoneInfo("Asia/Tokyo")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zones here")

    assert resume_time("resets 10pm (Asia/Tokyo)", NOW) == NOW + HOUR


@pytest.mark.parametrize(
    "said",
    [
        "no time at all",
        "429 after 3 attempts in 20s, at 12:30",
        "429 Too Many Requests",
        "step 3 of 5",
        "try again at Nov 20th, 2026 1:00 PM UTC",
        "try again at Foo 20th, 2026 1:00 PM UTC",
        "resets at 25:99",
        "resets at 99pm",
        "try again in 99999 days",
        "2026-99-99T12:00:00Z",
        NOW - 10,
        -5,
        0,
        float("nan"),
        float("inf"),
        True,
        None,
        ["20s"],
    ],
)
def test_what_names_no_time_that_can_be_names_none(said):
    """What is over, months ahead, or no time."""
    assert resume_time(said, NOW) is None


def test_a_time_of_the_machine_is_of_its_zone():
    """Without a zone it is the machine's own, within the next day."""
    assert NOW < resume_time("resets at 3pm", NOW) <= NOW + 24 * HOUR


def test_a_codex_at_its_limit(hear):
    """It says so in words."""
    said = {"message": "You've hit your usage limit. Upgrade to Pro or try again in 2 days 17 hours 14 minutes."}
    view = hear("codex", {"type": "turn.failed", "error": said}, at=NOW).view

    assert (view.limited, view.status, view.terminal) == (True, "failed", "failure")
    assert view.limited_until == NOW + 2 * 86400 + 17 * HOUR + 14 * 60


def test_a_codex_that_was_served_again_is_not_limited_any_more(hear):
    """It tried again by itself."""
    refused = {"type": "error", "message": "Reconnecting... 1/5 (unexpected status 429 Too Many Requests)"}
    answer = {"type": "item.completed", "item": {"id": "i", "type": "agent_message", "text": "Now."}}

    assert hear("codex", refused).view.status == "limited"
    assert hear("codex", refused, answer).view.status == "answering"


def test_a_claude_at_its_limit_says_when_it_resets(hear):
    """As a number; the words that follow neither take that back nor make it less exact."""
    event = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": NOW + 5000}}
    words = {
        "type": "assistant",
        "message": {"content": [{"type": "text", "text": "You've hit your limit · resets 2pm"}]},
    }
    end = {
        "type": "result",
        "subtype": "success",
        "is_error": True,
        "result": "You've hit your limit · resets 2pm (UTC)",
    }

    view = hear("claude", event, words, end, at=NOW).view
    assert (view.limited, view.limited_until, view.terminal) == (True, NOW + 5000, "failure")
    assert hear("claude", end, at=NOW).view.limited_until == NOW + 2 * HOUR


def test_a_claude_that_fails_in_other_words_is_still_at_its_limit(hear):
    """Its last words are no work."""
    event = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": NOW + 5000}}
    end = {"type": "result", "subtype": "success", "is_error": True, "result": "Out of credit"}

    assert hear("claude", event, end, at=NOW).view.limited_until == NOW + 5000


def test_a_claude_that_is_near_its_limit_is_not_at_it(hear):
    """The same event comes in every run."""
    event = {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed", "resetsAt": NOW + 5000}}

    assert not hear("claude", event, at=NOW).view.limited


def test_a_gemini_out_of_quota(hear):
    """In its result, or on stderr."""
    error = {"type": "result", "status": "error", "error": {"message": 'RESOURCE_EXHAUSTED "retryDelay": "34s"'}}

    assert hear("gemini", error, at=NOW).view.limited_until == NOW + 34
    assert hear("gemini", "You have exhausted your daily quota", stream="stderr").view.limited


def test_a_gemini_that_waits_for_its_service_itself_is_shown_as_limited(hear):
    """It tries again by itself, and says so on stderr only; once it is served it is not limited any more."""
    refused = 'Attempt 1 failed with status 429. Retrying with backoff... {"code":429,"status":"RESOURCE_EXHAUSTED"}'
    reading = hear("gemini", {"type": "message", "role": "user"}, stream="stdout")
    reading.hear_output("stderr", f"{refused}\n".encode(), NOW)
    waits = reading.view
    reading.hear_output("stdout", b'{"type":"message","role":"assistant","content":"Here"}\n', NOW)

    assert (waits.status, waits.limited) == ("limited", True)
    assert (reading.view.status, reading.view.limited) == ("answering", False)


def test_an_opencode_is_told_by_a_header(hear):
    """The event holds what the service answered."""
    data = {"statusCode": 429, "responseHeaders": {"retry-after": "90"}, "message": "Too many"}
    view = hear(
        "opencode", {"type": "error", "sessionID": "ses_1", "error": {"name": "APIError", "data": data}}, at=NOW
    ).view

    assert (view.limited, view.limited_until, view.problem) == (True, NOW + 90, "Too many")


def test_an_aider_says_it_in_text(hear):
    """Between all else that it prints; what its model says of limits is no limit."""
    assert hear("aider", "litellm.RateLimitError: slow down, try again in 20s", at=NOW).view.limited_until == NOW + 20
    assert not hear("aider", "This code handles the litellm.RateLimitError and rate limits").view.limited


def test_an_llm_says_it_on_stderr(hear):
    """Stdout is the model's."""
    assert (
        hear("llm", "Error: Error code: 429 - try again in 5s", stream="stderr", at=NOW).view.limited_until == NOW + 5
    )
    assert hear("llm", "Error: Error code: 429", stream="stdout").view.limited is False
