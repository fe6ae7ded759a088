import base64
import html
import json
import os
import stat
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.secret import MASK, Secret, SecretUnavailable
from probe.settings.secrets import Redactor, References, env_secret, file_secret, permission_hint

PASSWORD = "p/a s+s&w=ö%rd\n2"


def test_a_secret_of_the_environment_is_read_at_each_use() -> None:
    """A rotated value counts from the next use on."""
    environ = {"TOKEN": "one-value"}
    secret = env_secret("TOKEN", Redactor(), environ)
    assert secret.reveal() == "one-value"
    environ["TOKEN"] = "another"
    assert secret.reveal() == "another"


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
def test_an_unset_variable_says_its_name(environ: dict[str, str]) -> None:
    """Unset and empty are the same mistake."""
    with pytest.raises(SecretUnavailable, match="the environment variable TOKEN is not set; set it"):
        env_secret("TOKEN", Redactor(), environ).reveal()


def test_a_secret_of_a_file_is_read_at_each_use_without_its_line_end(tmp_path: Path) -> None:
    """Editors and `echo` add a line end that is no part of the secret; spaces may be."""
    file = tmp_path / "token"
    secret = file_secret(file, Redactor())
    with pytest.raises(SecretUnavailable, match=r"cannot be read \(no such file or directory\)"):
        secret.reveal()
    file.write_text(" first \r\n")
    assert secret.reveal() == " first "
    file.write_text("second")
    assert secret.reveal() == "second"


@pytest.mark.parametrize(
    ("content", "says"), [(b"\n", "is empty"), (b"\xff\xfe", "is not text"), (b"x" * 70_000, "is too large")]
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """Neither an empty file nor somebody's binary is sent to a vendor."""
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(SecretUnavailable, match=says):
        file_secret(tmp_path / "token", Redactor()).reveal()


def test_a_file_that_everybody_may_read_is_told(tmp_path: Path) -> None:
    """A hint, not a complaint: orchestrators mount secrets that way."""
    file = tmp_path / "token"
    file.write_text("value")
    secret = file_secret(file, Redactor())
    file.chmod(stat.S_IRUSR | stat.S_IROTH)
    assert permission_hint(secret) == f"the file {file} can be read by everybody; chmod 600 {file}"
    file.chmod(stat.S_IRUSR)
    assert permission_hint(secret) == ""
    assert permission_hint(file_secret(tmp_path / "none", Redactor())) == ""
    assert permission_hint(env_secret("A", Redactor(), {})) == ""


def test_a_secret_shows_its_origin_and_nothing_else() -> None:
    """Whatever prints a configuration prints no secret."""
    secret = env_secret("TOKEN", Redactor(), {"TOKEN": "one-value"})
    secret.reveal()
    assert "one-value" not in f"{secret} {secret!r} {[secret]}"
    assert repr(secret) == "Secret(env TOKEN)"


def test_references_to_the_same_origin_are_equal() -> None:
    """So that a reload that changes nothing finds nothing changed."""
    assert env_secret("A", Redactor(), {}) == env_secret("A", Redactor(), {})
    assert hash(env_secret("A", Redactor(), {})) == hash(env_secret("A", Redactor(), {}))
    assert env_secret("A", Redactor(), {}) != env_secret("B", Redactor(), {})
    assert env_secret("A", Redactor(), {}) != file_secret(Path("A"), Redactor())


def test_references_become_secrets_wherever_they_stand(tmp_path: Path) -> None:
    """Files are looked for from the configuration's folder."""
    (tmp_path / "key").write_text("from-file")
    references = References(tmp_path, Redactor(), {"TOKEN": "from-env"})
    resolved = references.resolve({"a": [{"env": "TOKEN"}], "b": {"file": "key"}, "c": 1})
    assert isinstance(resolved, dict)
    assert isinstance(resolved["a"][0], Secret)
    assert resolved["a"][0].reveal() == "from-env"
    assert resolved["b"].reveal() == "from-file"
    assert resolved["c"] == 1


@pytest.mark.parametrize(
    "data", [{"env": "no name"}, {"env": 5}, {"file": ""}, {"env": "A", "file": "b"}, {"file": "a\0b"}, {}, "env"]
)
def test_what_is_no_reference_stays_as_it_is(data: object) -> None:
    """Whoever wanted a secret there says so."""
    assert References(Path(), Redactor(), {}).resolve(data) == data


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        quote(PASSWORD),
        quote_plus(PASSWORD),
        json.dumps({"password": PASSWORD}),
        json.dumps({"password": PASSWORD}, ensure_ascii=False),
        json.dumps({"password": PASSWORD}).replace("/", r"\/"),
        quote(PASSWORD, safe="").lower(),
        html.escape(PASSWORD),
        html.escape(PASSWORD, quote=False),
        repr(PASSWORD),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(b"user:" + PASSWORD.encode()).decode(),
        base64.b64encode(b"users:" + PASSWORD.encode() + b"\n").decode(),
        base64.urlsafe_b64encode(b"userss:" + PASSWORD.encode()).decode(),
    ],
)
def test_the_redactor_knows_a_secret_in_every_dress(form: str) -> None:
    """Plain, in a URL, in JSON, in base64 wherever it begins in it."""
    redactor = Redactor()
    redactor.learn(PASSWORD)
    redacted = redactor(f"before {form} after")
    assert MASK in redacted
    assert PASSWORD not in redacted
    assert form not in redacted
    assert redacted.startswith("before")
    assert redacted.endswith("after")


def test_the_redactor_learns_from_reading_and_does_not_forget() -> None:
    """After a rotation the old value is still somebody's secret."""
    redactor = Redactor()
    environ = {"TOKEN": "old-value"}
    secret = env_secret("TOKEN", redactor, environ)
    assert redactor("old-value") == "old-value"
    secret.reveal()
    environ["TOKEN"] = "new-value"
    secret.reveal()
    assert redactor("old-value new-value") == f"{MASK} {MASK}"


def test_the_longest_secret_wins() -> None:
    """A secret that begins like another leaves no tail."""
    redactor = Redactor()
    redactor.learn("abcd")
    redactor.learn("abcdefgh")
    assert redactor("abcdefgh") == MASK


def test_what_is_too_short_to_be_a_secret_leaves_texts_readable() -> None:
    """`audit_secrets` tells that such a secret cannot be kept out of logs."""
    redactor = Redactor()
    redactor.learn("a")
    redactor.learn("")
    assert redactor("a plain text") == "a plain text"


def test_a_variable_that_is_no_text_is_a_sentence() -> None:
    """Python keeps bytes that are not UTF-8 as halves of characters; nothing could be sent with them."""
    secret = env_secret("TOKEN", Redactor(), {"TOKEN": "abcd\udcff"})
    with pytest.raises(SecretUnavailable, match="TOKEN is not UTF-8 text"):
        secret.reveal()


def test_a_pipe_is_no_secret(tmp_path: Path) -> None:
    """Reading it would wait for somebody who writes, with everything else waiting for us."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SecretUnavailable, match="no ordinary file"):
        file_secret(pipe, Redactor()).reveal()


def test_the_home_of_nobody_is_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Not a traceback."""
    secret = References(tmp_path, Redactor()).resolve({"file": "~no-such-user/secret"})
    assert isinstance(secret, Secret)
    with pytest.raises(SecretUnavailable, match="cannot be read"):
        secret.reveal()


def test_the_redactor_remembers_what_was_read_last() -> None:
    """Tokens come and go for months; what is in use is read again and again, and stays."""
    redactor = Redactor()
    redactor.learn("in-use-all-the-time")
    for number in range(1_000):
        redactor.learn(f"token-{number:06}")
        redactor.learn("in-use-all-the-time")
    assert redactor("in-use-all-the-time token-000999 token-000800") == " ".join([MASK] * 3)
    assert redactor("token-000001") == "token-000001"


WRITTEN = st.characters(exclude_characters=f"{MASK}\ue000", exclude_categories=["Cs"])


@given(st.text(WRITTEN, min_size=4, max_size=60), st.text(WRITTEN, max_size=30), st.text(WRITTEN, max_size=30))
def test_no_text_holds_a_secret_that_the_redactor_knows(secret: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    redactor = Redactor()
    redactor.learn(secret)
    assert secret not in redactor(before + secret + after).replace(MASK, "\ue000")
