"""What `mtribes help TOPIC` shows: exit codes, environment variables and files. The manual has the same tables."""

from typing import NamedTuple


class Topic(NamedTuple):
    """A table with its subject in one line, and the headings of its two columns."""

    summary: str
    columns: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


TOPICS = {
    "exit-codes": Topic(
        "The exit code of every command:",
        ("Exit code", "Meaning"),
        (
            ("0", "Completed."),
            ("1", "Failed: the server, the network, the disk, or something that was not found."),
            ("2", "Invalid usage: an option, a missing mtribes.toml, or an invalid file."),
            ("3", "Completed with problems: outdated code, a breaking change, or rejected rows."),
            ("4", "Not signed in, or not authorized."),
            ("70", "A bug in mtribes. The message names the file with the traceback."),
            ("75", "The server is temporarily unavailable. Retry later."),
            ("130", "Interrupted by Ctrl-C, SIGTERM or a closed terminal. No partial files were written."),
        ),
    ),
    "environment": Topic(
        "Environment variables that mtribes reads:",
        ("Variable", "Meaning"),
        (
            ("MTRIBES_HOST", "The URL of the server. Secrets of the environment are sent to it."),
            ("MTRIBES_TOKEN", "A token to use instead of a sign-in. It takes precedence over everything else."),
            ("MTRIBES_CLIENT_ID", "The ID of a service account."),
            ("MTRIBES_CLIENT_SECRET", "The secret of the service account."),
            ("MTRIBES_DATA", "The data folder of the local server."),
            ("NO_COLOR", "Print no colors."),
            ("CI", "Ask no questions."),
            ("HTTPS_PROXY", "The proxy for https."),
            ("NO_PROXY", "Servers that are reached without the proxy, separated by commas."),
            ("SSL_CERT_FILE", "A file with certificate authorities to trust."),
        ),
    ),
    "files": Topic(
        "Files that mtribes reads and writes:",
        ("File", "Meaning"),
        (
            ("mtribes.toml", "The project: server, Space and targets. Edit it by hand, and commit it."),
            ("mtribes.lock", "What was generated, with a digest of each file. Commit it, and do not edit it."),
            (".mtribes-journal.json", "Exists only while generated files are written, or after an interrupted update."),
            ("trusted-hosts.json", "In the settings folder: servers that you allowed to receive secrets."),
            ("*.rejects.csv", "Rejected rows of an import, next to its input."),
        ),
    ),
}
