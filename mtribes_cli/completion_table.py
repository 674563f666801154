"""Words, arguments and options of every command, as a TAB needs them.

Made from the commands by `python -m tests.repo.reference`.
"""

# ruff: noqa: E501 - a line an option
# fmt: off
Value = str | tuple[str, ...] | None  # files, folders, text, or the choices; None: it takes none
Option = tuple[tuple[str, ...], Value, bool, str]  # names, value, whether it may be repeated, what it means
Command = tuple[tuple[tuple[str, str], ...], tuple[tuple[Value, bool], ...], tuple[Option, ...]]  # verbs, arguments

ALIASES = {"--org": "--organization", "--env": "--environment"}
GLOBAL_OPTIONS: tuple[Option, ...] = (
    (("--host",), "text", False, "The server; else MTRIBES_HOST, mtribes.toml, or where you signed in."),
    (("-C",), "folders", False, "Work as if started in this folder."),
    (("--json",), None, False, "Print one JSON envelope instead of text."),
    (("--quiet",), None, False, "No progress and no notices."),
    (("--verbose",), None, False, "Say what is sent where, and how long it takes."),
    (("--no-color",), None, False, "No colour, as with NO_COLOR."),
    (("--version",), None, False, "Print the version."),
    (("--help", "-h"), None, False, "Print help for the command."),
)
COMMANDS: dict[str, Command] = {
    "": (
        (
            ("setup", "Sign in, choose what to generate, write mtribes.toml, generate."),
            ("update", "Bring the generated code in step; --check only looks."),
            ("status", "Say who is signed in where, and whether the code is in step."),
            ("login", "Sign in to a server."),
            ("logout", "Sign out, here and at the server."),
            ("whoami", "Say who is signed in, and what they may do."),
            ("open", "Show a page of the server in your browser."),
            ("token", "Your personal access tokens: for CI and scripts."),
            ("org", "Organizations: create, rename, delete them; members and service accounts."),
            ("space", "Spaces and their models: what code is generated from."),
            ("env", "Environments: what is delivered, the keys of apps, signed ids."),
            ("user", "List, search, import, tag, export and delete users."),
            ("visitor", "List, tag, export and delete visitors, who have not said who they are."),
            ("tag", "List the tags of users and visitors, and delete them."),
            ("tribe", "Tribes: filters over people, who is in them, and why."),
            ("session", "Sessions of apps: what somebody is shown, and why."),
            ("event", "What people do in apps."),
            ("doctor", "Say what is wrong here or on the way to the server, and what to do."),
            ("completion", "Let your shell complete words of mtribes."),
        ),
        (),
        (),
    ),
    "setup": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization of the Space."),
            (("--space",), "text", False, "The Space to generate from."),
            (("--target",), ("typescript:", "javascript:", "kotlin:", "java:", "swift:", "brightscript:", "python:"), True, "What to generate, and where; repeat for more."),
            (("--option",), "text", True, "An option of the targets that have it; repeat for more."),
            (("--local",), None, False, "Use your own local server; start it where none runs."),
            (("--yes",), None, False, "Ask nothing."),
        ),
    ),
    "update": (
        (),
        (),
        (
            (("--target",), "folders", True, "Only the target with this output; repeat for several."),
            (("--force",), None, False, "Overwrite generated files that were edited."),
            (("--dry-run",), None, False, "Say what would change; write nothing."),
            (("--diff",), None, False, "Show what would change in each file; write nothing."),
            (("--revision",), "text", False, "Generate from this revision of the Space."),
            (("--check",), None, False, "Write nothing; exit 3 when files or mtribes.toml are out of step."),
            (("--latest",), None, False, "With --check: exit 3 also when the server has something newer."),
            (("--offline",), None, False, "With --check: ask no server."),
            (("--discard-recovery",), None, False, "Remove what an interrupted write left, instead of taking it back."),
        ),
    ),
    "status": (
        (),
        (),
        (),
    ),
    "login": (
        (),
        (),
        (
            (("--browser",), None, False, "By a browser, even if none seems to be here."),
            (("--device",), None, False, "By a code that you enter in a browser elsewhere."),
            (("--with-token",), None, False, "By a token that is read from stdin."),
        ),
    ),
    "logout": (
        (),
        (),
        (),
    ),
    "whoami": (
        (),
        (),
        (),
    ),
    "open": (
        (),
        (
            (("home", "space", "model", "environment", "delivery", "preview", "tribes", "users", "visitors", "user-tags", "imports", "keys", "live", "organizations", "organization", "members", "service-accounts", "audit", "tokens", "profile", "api", "demo"), False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "token": (
        (
            ("create", "Create a token; it stands alone on stdout, and is shown this once."),
            ("list", "List your tokens, and when each was last used; never their text."),
            ("revoke", "End a token, at once."),
        ),
        (),
        (),
    ),
    "token create": (
        (),
        (),
        (
            (("--name",), "text", False, "What it is for."),
            (("--scope",), ("spaces:read", "spaces:write", "code:read", "users:read", "users:write", "tribes:read", "tribes:write", "events:read"), True, "What it may do; repeat for more. All that you may, if none."),
            (("--organization",), "text", True, "Only this organization; repeat for more."),
            (("--space",), "text", True, "Only this Space; repeat for more."),
            (("--expires-in",), "text", False, "How long it is good: 90d unless said, to 366d."),
        ),
    ),
    "token list": (
        (),
        (),
        (
            (("--organization",), "text", False, "Those of its members that reach it, for administrators."),
        ),
    ),
    "token revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--stdin",), None, False, "The token is the one whose text is read from stdin; no sign-in is needed."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "org": (
        (
            ("list", "List the organizations that you belong to."),
            ("create", "Create an organization; you become its administrator. Its key cannot be changed."),
            ("rename", "Give an organization another name, as its administrator. Its key stays."),
            ("delete", "Delete an organization that has no Spaces, for good, as its administrator."),
            ("audit", "Show the audit log of an organization to an administrator, the newest entry first."),
            ("member", "The people who belong to an organization."),
            ("service-account", "Programs that belong to an organization."),
        ),
        (),
        (),
    ),
    "org list": (
        (),
        (),
        (),
    ),
    "org create": (
        (),
        (
            ("text", False),
        ),
        (
            (("--name",), "text", False, "What people call it; else the key."),
        ),
    ),
    "org rename": (
        (),
        (
            ("text", False),
            ("text", False),
        ),
        (),
    ),
    "org delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "org audit": (
        (),
        (),
        (
            (("--actor",), "text", False, "Only what this e-mail address, service account or ID did."),
            (("--action",), "text", False, "Such as key.create, or key for all of its kind."),
            (("--since",), "text", False, "Such as 2026-11-21 or 2026-11-21T20:35:00Z."),
            (("--limit",), "text", False, "List at most this many."),
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org member": (
        (
            ("list", "List the members of an organization; for administrators also who is invited."),
            ("invite", "Invite somebody: a link for them stands alone on stdout. No mail is sent; hand it over yourself."),
            ("set-role", "Give a member another role. The last administrator stays one."),
            ("remove", "Remove a member, or withdraw an invitation; their tokens lose the organization at once."),
        ),
        (),
        (),
    ),
    "org member list": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org member invite": (
        (),
        (
            ("text", False),
        ),
        (
            (("--role",), ("administrator", "developer", "viewer"), False, "What the person may do there."),
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org member set-role": (
        (),
        (
            ("text", False),
            (("administrator", "developer", "viewer"), False),
        ),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org member remove": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "org service-account": (
        (
            ("create", "Create a service account; its id and secret stand on stdout as two variables, this once."),
            ("list", "List the service accounts of an organization; never their secrets."),
            ("revoke", "Revoke a service account; its tokens end at once."),
        ),
        (),
        (),
    ),
    "org service-account create": (
        (),
        (),
        (
            (("--name",), "text", False, "Which program uses it."),
            (("--scope",), ("spaces:read", "spaces:write", "code:read", "users:read", "users:write", "tribes:read", "tribes:write", "events:read"), True, "What it may do; repeat for more. All that you may, if none."),
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org service-account list": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "org service-account revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "space": (
        (
            ("list", "List the Spaces that you can see, or those of one organization."),
            ("show", "Show one Space."),
            ("create", "Create a Space with an empty model."),
            ("rename", "Give a Space another name. Its key stays: code and files contain it."),
            ("delete", "Delete a Space and everything in it, for good."),
            ("pull", "Write the model of a Space to stdout or a file."),
            ("push", "Replace the model of a Space by a document; the Space is the one that the document names."),
            ("history", "List who changed the model of a Space, when and why: the newest revision first."),
            ("validate", "Check a model; every problem is listed by its path, and nothing is stored."),
            ("diff", "Show what a model would change in generated code; exit 3 if code that uses it would break."),
        ),
        (),
        (),
    ),
    "space list": (
        (),
        (),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
        ),
    ),
    "space show": (
        (),
        (
            ("text", False),
        ),
        (),
    ),
    "space create": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "The organization; else mtribes.toml's."),
            (("--name",), "text", False, "What people call it; else the key."),
        ),
    ),
    "space rename": (
        (),
        (
            ("text", False),
            ("text", False),
        ),
        (
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "space delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "space pull": (
        (),
        (
            ("text", False),
        ),
        (
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--revision",), "text", False, "An older revision instead of the present one."),
            (("--format",), ("yaml", "json"), False, "Else by the file's extension; YAML on stdout."),
        ),
    ),
    "space push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--force",), None, False, "Replace what is there, whoever changed it."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "space history": (
        (),
        (
            ("text", False),
        ),
        (
            (("--limit",), "text", False, "List at most this many."),
        ),
    ),
    "space validate": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "space diff": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "env": (
        (
            ("list", "List the environments of a Space and what is live in each."),
            ("pull", "Write what an environment delivers to stdout or a file."),
            ("push", "Replace what an environment delivers by a document."),
            ("history", "List who changed what an environment delivers, when and why: the newest revision first."),
            ("diff", "Show what changes from one delivery to another: of two revisions, or of two environments."),
            ("restore", "Deliver an older revision again, as a new one; fails if the model or a tribe that it needs is gone."),
            ("publish", "Make collections live."),
            ("unpublish", "Take collections off; apps then see their entities as not enabled."),
            ("key", "The public keys (pk_...) of an environment: one a platform is advised."),
            ("signing", "Signed ids: a user's id is taken only with what your own back end made of it."),
        ),
        (),
        (),
    ),
    "env list": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "env pull": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--revision",), "text", False, "An older revision instead of the present one."),
            (("--format",), ("yaml", "json"), False, "Else by the file's extension; YAML on stdout."),
        ),
    ),
    "env push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--force",), None, False, "Replace what is there, whoever changed it."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "env history": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--limit",), "text", False, "List at most this many."),
        ),
    ),
    "env diff": (
        (),
        (),
        (
            (("--from",), "text", False, "Or an environment's name; else the revision before --to."),
            (("--to",), "text", False, "Or an environment's name; else what is delivered now."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env restore": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "env publish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "env unpublish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "env key": (
        (
            ("create", "Create a key; it stands alone on stdout."),
            ("list", "List the keys of an environment, revoked ones too."),
            ("revoke", "Revoke a key; apps that use it get fallbacks from then on."),
        ),
        (),
        (),
    ),
    "env key create": (
        (),
        (),
        (
            (("--name",), "text", False, "What it is for, such as a platform."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env key list": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env key revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env signing": (
        (
            ("show", "Print the secret that signs users' ids, alone on stdout."),
            ("require", "Take users' ids with a signature only; teach your back end to sign first."),
            ("rotate", "Have another secret; signatures by the one before are good no more."),
            ("off", "Take users' ids without a signature again."),
        ),
        (),
        (),
    ),
    "env signing show": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env signing require": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env signing rotate": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "env signing off": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "user": (
        (
            ("list", "List users, in no particular order."),
            ("search", "Find users by a part of their user id or e-mail address, in any case."),
            ("get", "Show what is kept of a user."),
            ("export", "Write all that is known of a user: profile, visitors, devices, sessions, events."),
            ("delete", "Remove a user and all that is known of them, for good."),
            ("ingest", "Bring users in from a file: new ones are created, known ones updated."),
            ("tag", "Give a user tags."),
            ("untag", "Take tags from a user."),
        ),
        (),
        (),
    ),
    "user list": (
        (),
        (),
        (
            (("--tag",), "text", False, "Only people with this tag, or with one below it."),
            (("--attribute",), "text", False, "Only people whose attribute has this value."),
            (("--limit",), "text", False, "List at most this many."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "user search": (
        (),
        (
            ("text", False),
        ),
        (
            (("--tag",), "text", False, "Only people with this tag, or with one below it."),
            (("--attribute",), "text", False, "Only people whose attribute has this value."),
            (("--limit",), "text", False, "List at most this many."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "user get": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "user export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--output",), "files", False, "Write it to this file instead of stdout."),
        ),
    ),
    "user delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "user ingest": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--format",), ("csv", "ndjson", "json"), False, "Else by the file's extension, or how it begins."),
            (("--delimiter",), "text", False, "What separates cells of CSV: , ; | or tab. Else found out."),
            (("--encoding",), "text", False, "Encoding of the input, such as cp1252 (default: UTF-8, or by its BOM)."),
            (("--map",), "text", True, "What a column becomes; COLUMN= leaves it out. Repeat."),
            (("--type",), "text", True, "text, number, boolean or date, of a column of CSV; else text. Repeat."),
            (("--rejects",), "files", False, "Where rows go that are not taken; else beside the input."),
            (("--max-errors",), "text", False, "Give up when more rows than this are not taken."),
            (("--dry-run",), None, False, "Check what can be checked here; send nothing."),
        ),
    ),
    "user tag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "user untag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "visitor": (
        (
            ("list", "List visitors, in no particular order."),
            ("get", "Show what is kept of a visitor."),
            ("export", "Write all that is known of a visitor: profile, devices, sessions, events."),
            ("delete", "Remove a visitor and all that is known of them, for good."),
            ("tag", "Add tags to a visitor. When the visitor signs in, the user gets them."),
            ("untag", "Remove tags from a visitor."),
        ),
        (),
        (),
    ),
    "visitor list": (
        (),
        (),
        (
            (("--search",), "text", False, "Only those with this in their anonymous id or e-mail address."),
            (("--tag",), "text", False, "Only people with this tag, or with one below it."),
            (("--attribute",), "text", False, "Only people whose attribute has this value."),
            (("--limit",), "text", False, "List at most this many."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "visitor get": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "visitor export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--output",), "files", False, "Write it to this file instead of stdout."),
        ),
    ),
    "visitor delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "visitor tag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "visitor untag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "tag": (
        (
            ("list", "List the tags that somebody has, in alphabetical order."),
            ("delete", "Delete a tag from every user and visitor of an environment."),
        ),
        (),
        (),
    ),
    "tag list": (
        (),
        (),
        (
            (("--search",), "text", False, "Only tags with this in them."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "tag delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
            (("--yes",), None, False, "Do not ask."),
        ),
    ),
    "tribe": (
        (
            ("list", "List the tribes of a Space."),
            ("show", "Show one tribe with its filters."),
            ("pull", "Write all tribes of a Space to stdout or a file."),
            ("push", "Replace all tribes of a Space by a document; the Space is the one that the document names."),
            ("history", "List who changed the tribes of a Space, when and why: the newest revision first."),
            ("delete", "Remove a tribe; one that a scenario is for stays."),
            ("count", "Count the people who are in a tribe now, users and visitors."),
            ("explain", "Say why somebody is in a tribe or not: each filter, the value found, matched or not."),
            ("export", "Write the users in a tribe, as they are now, to a file or stdout; interrupted, the same command goes on."),
        ),
        (),
        (),
    ),
    "tribe list": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "tribe show": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
        ),
    ),
    "tribe pull": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--revision",), "text", False, "An older revision instead of the present one."),
            (("--format",), ("yaml", "json"), False, "Else by the file's extension; YAML on stdout."),
        ),
    ),
    "tribe push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--force",), None, False, "Replace what is there, whoever changed it."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "tribe history": (
        (),
        (),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--limit",), "text", False, "List at most this many."),
        ),
    ),
    "tribe delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--note",), "text", False, "Why, for the history: one line, at most 200 characters."),
        ),
    ),
    "tribe count": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "tribe explain": (
        (),
        (
            ("text", False),
        ),
        (
            (("--user",), "text", False, "Whom to explain."),
            (("--visitor",), "text", False, "In place of a user: somebody's anonymous id."),
            (("--field",), "text", True, "What an app would say at session start; repeat for more."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "tribe export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--format",), ("csv", "ndjson", "json"), False, "Else by the extension of --output; CSV on stdout."),
            (("--columns",), "text", False, "Of CSV: which columns, separated by commas."),
            (("--since",), "text", False, "Only who changed since an earlier export."),
            (("--raw",), None, False, "Leave cells as they are that a spreadsheet would run."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "session": (
        (
            ("explain", "Say what somebody is shown and why: for each entity, its scenarios, and the filters of their tribes."),
        ),
        (),
        (),
    ),
    "session explain": (
        (),
        (),
        (
            (("--user",), "text", False, "Whom to explain."),
            (("--anonymous-id", "--visitor"), "text", False, "In place of a user: somebody's anonymous id."),
            (("--field",), "text", True, "What an app would say at session start; repeat for more."),
            (("--at",), "text", False, "When the session would start: RFC 3339, by default now."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "event": (
        (
            ("track", "Record that a user did something, as an app would."),
            ("names", "List the names of the events that arrive, and how they compare with the model."),
            ("tail", "Show events and sessions as they arrive, until Ctrl-C."),
            ("export", "Write events to a file or stdout; interrupted, the same command goes on."),
        ),
        (),
        (),
    ),
    "event track": (
        (),
        (
            ("text", False),
        ),
        (
            (("--user",), "text", False, "Who did it: the user's id."),
            (("--meta",), "text", True, "Metadata; up to three pairs."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "event names": (
        (),
        (),
        (
            (("--search",), "text", False, "Only names with this in them, in any case."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "event tail": (
        (),
        (),
        (
            (("--name",), "text", False, "Only events of this name, and no sessions."),
            (("--user",), "text", False, "Only what this user does."),
            (("--visitor",), "text", False, "Only what the visitor with this anonymous id does."),
            (("--limit",), "text", False, "End after this many events and sessions."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "event export": (
        (),
        (),
        (
            (("--output",), "files", False, "Write it to this file instead of stdout."),
            (("--format",), ("csv", "ndjson", "json"), False, "Else by the extension of --output; CSV on stdout."),
            (("--columns",), "text", False, "Of CSV: which columns, separated by commas."),
            (("--name",), "text", False, "Only events of this name."),
            (("--user",), "text", False, "Only those of this user."),
            (("--raw",), None, False, "Leave cells as they are that a spreadsheet would run."),
            (("--space",), "text", False, "The Space; else mtribes.toml's."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development; else mtribes.toml's. No default."),
        ),
    ),
    "doctor": (
        (),
        (),
        (),
    ),
    "completion": (
        (
            ("install", "Write the script of your shell to where it looks for it; no settings of the shell are changed."),
            ("show", "Print the script of a shell."),
        ),
        (),
        (),
    ),
    "completion install": (
        (),
        (
            (("bash", "zsh", "fish", "powershell"), False),
        ),
        (),
    ),
    "completion show": (
        (),
        (
            (("bash", "zsh", "fish", "powershell"), False),
        ),
        (),
    ),
}
