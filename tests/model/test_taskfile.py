"""The task file: what it means, and how it is refused."""

import itertools
import math
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidTaskFile
from procession.model.checkpointing import Checkpointing
from procession.model.pool import PoolSettings
from procession.model.readiness import ByFile, ByHttp, ByLog, ByNotice, ByPort
from procession.model.stdio import INHERIT, MERGED, NULL, PIPE, File, Log, Pty
from procession.model.task import Dependency
from procession.model.taskfile import read_task_text

ISSUE_FORM = """
[pool]
hard_limit = 4
[tasks.download]
command = "curl -o 'the photos.zip' https://example.org"
[tasks.thumbnails]
command = ["python", "thumbs.py", "photos/"]     # or a string: split like a shell would, but no shell
cwd = "work"
env = { QUALITY = "80" }
after = ["download"]
timeout = "30m"
retries = 2
stdout = "thumbs.log"
"""


def test_the_documented_form():
    """The example of the documentation means what it says."""
    read = read_task_text(ISSUE_FORM, "jobs/tour.toml")
    download, thumbnails = read.tasks

    assert read.pool == PoolSettings(hard_limit=4)
    assert download.command.argv == ("curl", "-o", "the photos.zip", "https://example.org")
    assert download.command.stdout == PIPE
    assert thumbnails.name == "thumbnails"
    assert thumbnails.command.argv == ("python", "thumbs.py", "photos/")
    assert thumbnails.command.env == {"QUALITY": "80"}
    assert thumbnails.command.timeout_s == 1800
    assert thumbnails.after == (Dependency("download", "succeeded"),)
    assert thumbnails.retries == 2


def test_paths_are_relative_to_the_file():
    """Every relative path, and the directory of a task that names none, is taken from where the file is."""
    download, thumbnails = read_task_text(ISSUE_FORM, "jobs/tour.toml").tasks

    assert download.command.cwd == "jobs"
    assert thumbnails.command.cwd == "jobs/work"
    assert thumbnails.command.stdout == Log("jobs/thumbs.log")


def test_a_file_here_leaves_tasks_here():
    """A file in the current directory gives tasks no directory of their own, and absolute paths stay as they are."""
    first, second = read_task_text(
        '[tasks.a]\ncommand = ["x"]\n[tasks.b]\ncommand = ["./x"]\ncwd = "/tmp"\nstdout = "/tmp/l"', "up.toml"
    ).tasks

    assert first.command.cwd is None
    assert second.command.cwd == "/tmp"
    assert second.command.stdout == Log("/tmp/l")


def test_programs_are_found_beside_the_file():
    """A program with a slash is relative to the file; a bare name is left for the job's PATH."""
    beside, bare = read_task_text('[tasks.a]\ncommand = "./x"\n[tasks.b]\ncommand = "x"', "jobs/up.toml").tasks

    assert beside.command.argv == ("jobs/./x",)
    assert bare.command.argv == ("x",)


def test_what_saves_and_goes_on_is_beside_the_file_too():
    """So are the programs that save a task and go on from there, unless a placeholder says where they are."""
    text = """
    [tasks.a]
    command = "./engine"
    checkpoint = { command = "./dump {pid}", every = "never" }
    resume_command = "./engine --from {checkpoint}"
    without_checkpoint = "ask"
    [tasks.b]
    command = "true"
    checkpoint = true
    resume_command = ["{checkpoint}/run"]
    """
    a, b = read_task_text(text, "/jo{b}s/tour.toml").tasks

    assert a.checkpoint == Checkpointing(command=("/jo{b}s/./dump", "{pid}"), every_s=math.inf)
    assert a.resume_command == ("/jo{{b}}s/./engine", "--from", "{checkpoint}")
    assert (b.checkpoint, b.resume_command) == (Checkpointing(signal="USR1"), ("{checkpoint}/run",))


def _read_one(body, path="up.toml"):
    return read_task_text("[tasks.it]\n" + textwrap.dedent(body), path).tasks[0]


def test_no_accidental_shell():
    """A command in one text is split, and nothing of a shell happens to it (C115)."""
    task = _read_one("command = \"echo '$(id)' ; rm -rf {x} *\"")

    assert task.command.argv == ("echo", "$(id)", ";", "rm", "-rf", "{x}", "*")


def test_a_shell_on_request():
    """``shell`` is the explicit way to a shell."""
    assert _read_one('shell = "a | b > c"').command.argv == ("/bin/sh", "-c", "a | b > c")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ('"pipe"', PIPE),
        ('"null"', NULL),
        ('"inherit"', INHERIT),
        ('"x.log"', Log("x.log")),
        ('"./null"', Log("./null")),
        ('{ log = "x", limit = "10MB" }', Log("x", limit_bytes=10_000_000)),
        ('{ file = "x", append = true }', File("x", append=True)),
        ("{ pty = true, columns = 132 }", Pty(columns=132)),
        ('"pty"', Pty()),
    ],
)
def test_outputs(given, meant):
    """An output is a word, the path of a log, or a table."""
    assert _read_one(f'command = "x"\nstdout = {given}').command.stdout == meant


def test_inputs_and_errors():
    """An input is read from a file; errors may be merged."""
    command = _read_one('command = "x"\nstdin = "in.txt"\nstderr = "merged"').command

    assert command.stdin == File("in.txt")
    assert command.stderr == MERGED


def test_an_output_limit_bounds_the_logs():
    """``output_limit`` is the bound of a log that names none itself."""
    command = _read_one('command = "x"\noutput_limit = "1MB"\nstdout = "a"\nstderr = { log = "b", limit = 5 }').command

    assert command.stdout == Log("a", limit_bytes=1_000_000)
    assert command.stderr == Log("b", limit_bytes=5)


def test_further_keys():
    """Limits, grace, group, priority, secrets and the rest arrive where they belong."""
    task = _read_one("""
        command = "x"
        grace = "never"
        clean_env = true
        secrets = ["TOKEN"]
        env = { TOKEN = "t", COUNT = 3 }
        descendants = "keep"
        group = "night"
        priority = -3
        retry_delay = "2m"
        limits = { nofile = 100, as = "2GB", core = "unlimited", nice = 5, umask = "022" }
        after = [{ task = "it2", condition = "ended" }]
        [tasks.it2]
        command = "y"
    """)

    assert task.command.grace_s == math.inf
    assert task.command.clean_env
    assert task.command.secrets == ("TOKEN",)
    assert task.command.env == {"TOKEN": "t", "COUNT": "3"}
    assert task.command.descendants == "keep"
    assert (task.group, task.priority, task.retry_delay_s) == ("night", -3, 120.0)
    assert task.command.limits.soft == {"nofile": 100, "as": 2_000_000_000, "core": -1}
    assert task.command.limits.hard == task.command.limits.soft
    assert (task.command.limits.nice, task.command.limits.umask) == (5, 0o022)
    assert task.after == (Dependency("it2", "ended"),)


REFUSED = [
    # the line that is changed, what it becomes, the line and key that are named, a part of what was expected
    ("hard_limit = 4", "hard_limit = 0", 2, "pool.hard_limit", "a whole number from 1"),
    ("hard_limit = 4", "hard_limits = 4", 2, "pool.hard_limits", "did you mean 'hard_limit'?"),
    ("hard_limit = 4", "hard_limit = true", 2, "pool.hard_limit", "a whole number"),
    ("[pool]", "[pools]", 1, "pools", "did you mean 'pool'?"),
    ("[pool]", "[pool", 1, "", "expected TOML"),
    ("[tasks.download]", "[tasks.thumbnails]", 6, "tasks.thumbnails", "declared twice"),
    ("[tasks.download]", '[tasks."../x"]', 3, 'tasks."../x"', "cannot be '../x'"),
    ("[tasks.download]", '[tasks."a/b"]', 3, 'tasks."a/b"', "cannot be 'a/b'"),
    ("[tasks.download]", '[tasks."-rf"]', 3, "tasks.-rf", "cannot be '-rf'"),
    ("[tasks.download]", '[tasks.""]', 3, 'tasks.""', "must be a name"),
    ('command = "curl"', "", 3, "tasks.download", "either command or shell"),
    ('command = "curl"', 'command = "curl"\nshell = "x"', 5, "tasks.download.shell", "either command or shell"),
    ('command = "curl"', 'comand = "curl"', 4, "tasks.download.comand", "did you mean 'command'?"),
    ('command = "curl"', "command = 'curl \"'", 4, "tasks.download.command", "no closing quotation"),
    ('command = "curl"', 'command = ""', 4, "tasks.download.command", "empty"),
    ('command = "curl"', "command = []", 4, "tasks.download.command", "empty"),
    ('command = "curl"', "command = 5", 4, "tasks.download.command", "a list of arguments or one text"),
    ('command = "curl"', 'command = [\n"curl",\n5]', 4, "tasks.download.command[1]", "expected text, got 5"),
    ('command = "curl"', 'command = ["a\\u0000"]', 4, "tasks.download.command", "NUL"),
    ('command = "curl"', 'shell = " "', 4, "tasks.download.shell", "a shell script"),
    ('cwd = "work"', "cwd = 3", 8, "tasks.thumbnails.cwd", "text in quotes"),
    ('cwd = "work"', 'cwd = ""', 8, "tasks.thumbnails.cwd", "text in quotes"),
    ('QUALITY = "80"', "QUALITY = 8.5", 9, "tasks.thumbnails.env.QUALITY", "expected text, got a float"),
    ('QUALITY = "80"', "QUALITY = true", 9, "tasks.thumbnails.env.QUALITY", "expected text, got a bool"),
    ('QUALITY = "80"', '"A=B" = "1"', 9, "tasks.thumbnails.env", "a name that cannot be"),
    ('["download"]', '["downlod"]', 10, "tasks.thumbnails.after[0]", "did you mean 'download'?"),
    ('["download"]', '"download"', 10, "tasks.thumbnails.after", "a list of task names"),
    ('["download"]', '["thumbnails"]', 10, "tasks.thumbnails.after", "in a circle: thumbnails waits for thumbnails"),
    ('["download"]', '[{ task = "download", condition = "done" }]', 10, "tasks.thumbnails.after[0].condition", "ended"),
    ('["download"]', '[{ name = "download" }]', 10, "tasks.thumbnails.after[0]", "a name, or {"),
    ('"30m"', '"30x"', 11, "tasks.thumbnails.timeout", "a duration like 30s"),
    ('"30m"', "0", 11, "tasks.thumbnails.timeout", "above 0"),
    ('"30m"', "-5", 11, "tasks.thumbnails.timeout", "a duration like 30s"),
    ("retries = 2", "retries = -1", 12, "tasks.thumbnails.retries", "a whole number from 0"),
    ("retries = 2", "retrys = 2", 12, "tasks.thumbnails.retrys", "did you mean 'retries'?"),
    ("retries = 2", 'descendants = "kill"', 12, "tasks.thumbnails.descendants", "'end', 'keep'"),
    ("retries = 2", 'ready = "soon"', 12, "tasks.thumbnails.ready", '"notify", { log'),
    ("retries = 2", 'ready = { log = "(" }', 12, "tasks.thumbnails.ready.log", "no regular expression"),
    ("retries = 2", "ready = { port = 0 }", 12, "tasks.thumbnails.ready.port", "from 1 to 65535"),
    ("retries = 2", "ready = { port = 1, hots = 'a' }", 12, "tasks.thumbnails.ready.hots", "unknown key"),
    ("retries = 2", "ready = { port = 1, file = 'a' }", 12, "tasks.thumbnails.ready", '"notify", { log'),
    ("retries = 2", "ready = { http = 'https://a' }", 12, "tasks.thumbnails.ready.http", "a URL like http://"),
    ("retries = 2", "ready = { file = '' }", 12, "tasks.thumbnails.ready.file", "must be text"),
    ("retries = 2", "done_when = 'out'", 12, "tasks.thumbnails.done_when", '{ file = "path" }'),
    ("retries = 2", "done_when = { file = 7 }", 12, "tasks.thumbnails.done_when.file", "must be text"),
    ("retries = 2", "ready_timeout = '5s'", 12, "tasks.thumbnails.ready_timeout", "waits for nothing"),
    (
        '["download"]',
        '[{ task = "download", condition = "ready" }]',
        10,
        "tasks.thumbnails.after[0]",
        "does not say how",
    ),
    ("retries = 2", 'group = "a b"', 12, "tasks.thumbnails.group", "cannot be 'a b'"),
    ("retries = 2", "limits = { nofiles = 1 }", 12, "tasks.thumbnails.limits.nofiles", "a resource limit"),
    ("retries = 2", "limits = { umask = 22 }", 12, "tasks.thumbnails.limits.umask", "octal digits in quotes"),
    ("retries = 2", 'stdin = "pipe"', 12, "tasks.thumbnails.stdin", "nobody would write"),
    ('"thumbs.log"', '"merged"', 13, "tasks.thumbnails.stdout", "merged is for stderr"),
    ('"thumbs.log"', "{ logg = 1 }", 13, "tasks.thumbnails.stdout", "a path, one of"),
    ('"thumbs.log"', '{ log = "x", limt = 1 }', 13, "tasks.thumbnails.stdout.limt", "only log, limit"),
    ('"thumbs.log"', "{ pty = true, rows = 0 }", 13, "tasks.thumbnails.stdout", "from 1 to 65535"),
]
GOOD = (
    '[pool]\nhard_limit = 4\n[tasks.download]\ncommand = "curl"\n\n[tasks.thumbnails]\n'
    'command = ["python"]\ncwd = "work"\nenv = { QUALITY = "80" }\nafter = ["download"]\n'
    'timeout = "30m"\nretries = 2\nstdout = "thumbs.log"\n'
)


@pytest.mark.parametrize(("before", "after", "line", "key", "expected"), REFUSED)
def test_refusals_name_line_key_and_what_was_expected(before, after, line, key, expected):
    """A bad file is refused whole, and the error leads to the place (C002)."""
    assert before in GOOD
    with pytest.raises(InvalidTaskFile) as caught:
        read_task_text(GOOD.replace(before, after, 1), "dir/up.toml")

    assert (caught.value.line, caught.value.key) == (line, key)
    assert expected in caught.value.expected
    assert str(caught.value).startswith(f"dir/up.toml:{line}: ")


@pytest.mark.parametrize("text", ["", "[pool]\n", "[tasks]\n", "tasks = 3\n"])
def test_a_file_without_tasks(text):
    """A file has at least one task."""
    with pytest.raises(InvalidTaskFile, match="at least one task"):
        read_task_text(text, "up.toml")


def test_all_problems_at_once():
    """The first problem is the error, in the order of lines; the hint names the others."""
    bad = GOOD.replace('"30m"', '"30x"').replace("retries = 2", "retrys = 2").replace('"curl"', "7")
    with pytest.raises(InvalidTaskFile) as caught:
        read_task_text(bad, "up.toml")

    assert caught.value.line == 4
    assert "line 11: tasks.thumbnails.timeout" in caught.value.hint
    assert "line 12: tasks.thumbnails.retrys" in caught.value.hint


def test_a_longer_circle():
    """Tasks that wait for each other are named in the order in which they wait."""
    text = "".join(f'[tasks.{a}]\ncommand = "x"\nafter = ["{b}"]\n' for a, b in ["ab", "bc", "ca"])
    with pytest.raises(InvalidTaskFile) as caught:
        read_task_text(text, "up.toml")

    names = caught.value.expected.partition(": ")[2].split(" waits for ")
    waits = {"a": "b", "b": "c", "c": "a"}
    assert all(waits[one] == other for one, other in itertools.pairwise(names))
    assert names[0] == names[-1]


def test_ways_to_be_ready():
    """Each way to be ready arrives as what it is."""
    ways = {
        '"notify"': ByNotice(),
        '{ log = "up$" }': ByLog("up$"),
        "{ port = 80 }": ByPort(80),
        '{ port = 80, host = "::1" }': ByPort(80, "::1"),
        '{ http = "http://localhost:8/a?b" }': ByHttp("http://localhost:8/a?b"),
        '{ file = "a.sock" }': ByFile("a.sock"),
    }
    for way, meant in ways.items():
        task = _read_one(f'command = "x"\nready = {way}\nready_timeout = "1m"')
        assert (task.ready, task.ready_timeout_s) == (meant, 60.0)


def test_bytes_that_are_no_utf8():
    """Bytes that are no text are refused by line; a byte order mark is not."""
    with pytest.raises(InvalidTaskFile) as caught:
        read_task_text(b'[tasks.a]\ncommand = "\xff"\n', "up.toml")

    assert caught.value.line == 2
    assert read_task_text(b'\xef\xbb\xbf[tasks.a]\r\ncommand = "x"\r\n', "up.toml").tasks[0].name == "a"


def test_values_of_the_environment_stay_secret():
    """An error in the environment names the variable, never its value (C113)."""
    with pytest.raises(InvalidTaskFile) as caught:
        read_task_text('[tasks.a]\ncommand = "x"\nenv = { TOKEN = 31337.5 }', "up.toml")

    assert "31337" not in f"{caught.value}{caught.value.hint}"


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(text):
    """Whatever the file holds, the only error is the documented one."""
    refusal = _refusal(text)

    assert refusal is None or refusal.line is None or refusal.line >= 1


_VALUES = st.recursive(
    st.one_of(st.integers(-5, 5), st.booleans(), st.floats(allow_nan=False), st.sampled_from(["x", "", "30m", "pipe"])),
    lambda inner: st.lists(inner, max_size=3),
)
_KEYS = ["command", "shell", "cwd", "env", "after", "timeout", "grace", "retries", "stdin", "stdout", "limits", "group"]


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=5), st.integers(0, 3))
def test_any_value_is_read_or_refused_on_its_line(table, blank):
    """Whatever value a key has, it is read, or refused on the line of a key."""
    lines = ["[tasks.a]", *[""] * blank]
    lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
    refusal = _refusal("\n".join(lines))

    if refusal is not None:
        key = refusal.key.removeprefix("tasks.a.").split("[")[0].split(".")[0]
        assert refusal.line == 1 or lines[refusal.line - 1].startswith(key)


def _refusal(text):
    try:
        read_task_text(text, "up.toml")
    except InvalidTaskFile as error:
        return error
    return None


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return "inf" if value == math.inf else "-inf" if value == -math.inf else repr(value)
