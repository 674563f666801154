"""Words, arguments and options of every command, as a TAB needs them.

Made from the commands by `python -m tests.repo.reference`.
"""

# ruff: noqa: E501 - a line an option
# fmt: off
Value = str | tuple[str, ...] | None  # files, folders, text, or the choices; None: it takes none
Option = tuple[tuple[str, ...], Value, bool, str]  # names, value, whether it is repeatable, what it means
Command = tuple[tuple[tuple[str, str], ...], tuple[tuple[Value, bool], ...], tuple[Option, ...]]  # verbs, arguments

ALIASES = {"--org": "--organization", "--env": "--environment"}
GLOBAL_OPTIONS: tuple[Option, ...] = (
    (("--host",), "text", False, "Server URL (default: MTRIBES_HOST, mtribes.toml, or the server you signed in to)."),
    (("-C",), "folders", False, "Run as if started in this folder."),
    (("--json",), None, False, "Print one JSON envelope instead of text."),
    (("--quiet",), None, False, "Hide progress and notices."),
    (("--verbose",), None, False, "Show requests and their timing."),
    (("--no-color",), None, False, "Disable color, like NO_COLOR."),
    (("--version",), None, False, "Print the version."),
    (("--help", "-h"), None, False, "Print help."),
)
COMMANDS: dict[str, Command] = {
    "": (
        (
            ("setup", "Sign in, choose what to generate, create mtribes.toml, and generate code."),
            ("update", "Update the generated code. Pass --check to only check it."),
            ("status", "Show your sign-in, and whether the generated code is up to date."),
            ("login", "Sign in to a server."),
            ("logout", "Sign out on this machine and on the server."),
            ("whoami", "Show the signed-in user and their access."),
            ("open", "Open a page of the server in your browser."),
            ("token", "Manage your personal access tokens for CI and scripts."),
            ("org", "Manage organizations, their members and service accounts."),
            ("space", "Manage Spaces and their models, from which code is generated."),
            ("env", "Manage what environments deliver, their API keys and signed IDs."),
            ("user", "List, search, import, tag, export and delete users."),
            ("visitor", "List, tag, export and delete visitors (people who have not signed in)."),
            ("tag", "List and delete tags of users and visitors."),
            ("tribe", "Manage tribes: groups of people defined by filters."),
            ("session", "Explain what an app shows to a person, and why."),
            ("event", "Record, follow and export events from apps."),
            ("doctor", "Diagnose problems with the installation and the connection to the server."),
            ("help", "Show exit codes, environment variables and files."),
            ("completion", "Set up shell completion."),
        ),
        (),
        (),
    ),
    "setup": (
        (),
        (),
        (
            (("--organization",), "text", False, "Organization of the Space."),
            (("--space",), "text", False, "Space to generate code from."),
            (("--target",), ("typescript:", "javascript:", "kotlin:", "java:", "swift:", "brightscript:", "python:"), True, "Language and output folder to generate. Repeatable."),
            (("--option",), "text", True, "Option of a target, where supported. Repeatable."),
            (("--local",), None, False, "Use a local server. Starts one if none is running."),
            (("--yes",), None, False, "Never prompt."),
        ),
    ),
    "update": (
        (),
        (),
        (
            (("--target",), "folders", True, "Only the target with this output folder. Repeatable."),
            (("--force",), None, False, "Overwrite generated files that were edited."),
            (("--dry-run",), None, False, "List the changes without writing files."),
            (("--diff",), None, False, "Show the changes in each file without writing files."),
            (("--revision",), "text", False, "Generate from this revision of the Space."),
            (("--check",), None, False, "Write nothing. Exit with 3 if files or mtribes.toml are out of date."),
            (("--latest",), None, False, "With --check, also exit with 3 if the server has newer code."),
            (("--offline",), None, False, "With --check, do not contact the server."),
            (("--discard-recovery",), None, False, "Delete the leftovers of an interrupted write instead of rolling it back."),
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
            (("--browser",), None, False, "Sign in with a browser, even if none is detected."),
            (("--device",), None, False, "Sign in with a code that you enter in a browser on another device."),
            (("--with-token",), None, False, "Sign in with a token read from stdin."),
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
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "token": (
        (
            ("create", "Create a token and print it to stdout. It is shown only once."),
            ("list", "List your tokens and their last use. The tokens themselves are not shown."),
            ("revoke", "Revoke a token. It stops working immediately."),
        ),
        (),
        (),
    ),
    "token create": (
        (),
        (),
        (
            (("--name",), "text", False, "Description of its use."),
            (("--scope",), ("spaces:read", "spaces:write", "code:read", "users:read", "users:write", "tribes:read", "tribes:write", "events:read"), True, "Scope to grant. Repeatable (default: all of your scopes)."),
            (("--organization",), "text", True, "Limit the token to this organization. Repeatable."),
            (("--space",), "text", True, "Limit the token to this Space. Repeatable."),
            (("--expires-in",), "text", False, "Lifetime, such as 30d (default 90d, maximum 366d)."),
        ),
    ),
    "token list": (
        (),
        (),
        (
            (("--organization",), "text", False, "List members' tokens that reach this organization (administrators only)."),
        ),
    ),
    "token revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--stdin",), None, False, "Revoke the token whose text is read from stdin. No sign-in is needed."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "org": (
        (
            ("list", "List the organizations that you belong to."),
            ("create", "Create an organization with you as its administrator. Its key cannot be changed."),
            ("rename", "Rename an organization. Its key does not change. Requires the administrator role."),
            ("delete", "Permanently delete an organization without Spaces. Requires the administrator role."),
            ("audit", "Show the audit log of an organization, newest first. Requires the administrator role."),
            ("member", "Manage the members of an organization."),
            ("service-account", "Manage the service accounts of an organization."),
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
            (("--name",), "text", False, "Display name (default: the key)."),
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
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "org audit": (
        (),
        (),
        (
            (("--actor",), "text", False, "Only entries by this e-mail address, service account or ID."),
            (("--action",), "text", False, "Action such as key.create, or key for all key actions."),
            (("--since",), "text", False, "Date or time such as 2026-11-21 or 2026-11-21T20:35:00Z."),
            (("--limit",), "text", False, "Maximum number to list."),
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org member": (
        (
            ("list", "List the members of an organization. Administrators also see invitations."),
            ("invite", "Invite a person and print the invitation link to stdout. No e-mail is sent: send the link yourself."),
            ("set-role", "Change the role of a member. The last administrator cannot be changed."),
            ("remove", "Remove a member or withdraw an invitation. The member's tokens lose access immediately."),
        ),
        (),
        (),
    ),
    "org member list": (
        (),
        (),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org member invite": (
        (),
        (
            ("text", False),
        ),
        (
            (("--role",), ("administrator", "developer", "viewer"), False, "Role of the person in the organization."),
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org member set-role": (
        (),
        (
            ("text", False),
            (("administrator", "developer", "viewer"), False),
        ),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org member remove": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "org service-account": (
        (
            ("create", "Create a service account and print its ID and secret to stdout as two variables. They are shown only once."),
            ("list", "List the service accounts of an organization. Secrets are not shown."),
            ("revoke", "Revoke a service account. Its tokens stop working immediately."),
        ),
        (),
        (),
    ),
    "org service-account create": (
        (),
        (),
        (
            (("--name",), "text", False, "Name of the program that uses it."),
            (("--scope",), ("spaces:read", "spaces:write", "code:read", "users:read", "users:write", "tribes:read", "tribes:write", "events:read"), True, "Scope to grant. Repeatable (default: all of your scopes)."),
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org service-account list": (
        (),
        (),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
        ),
    ),
    "org service-account revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "space": (
        (
            ("list", "List the Spaces that you can access, or those of one organization."),
            ("show", "Show one Space."),
            ("create", "Create a Space with an empty model."),
            ("rename", "Rename a Space. Its key does not change, because code and files contain it."),
            ("delete", "Permanently delete a Space and everything in it."),
            ("pull", "Write the model of a Space to stdout or a file."),
            ("push", "Replace the model of the Space that the document names."),
            ("history", "List the changes to the model of a Space, newest first."),
            ("validate", "Validate a model and list all problems with their paths. Nothing is stored."),
            ("diff", "Show what a model would change in generated code. Exit with 3 on breaking changes."),
        ),
        (),
        (),
    ),
    "space list": (
        (),
        (),
        (
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
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
            (("--organization",), "text", False, "Organization (default: the one in mtribes.toml)."),
            (("--name",), "text", False, "Display name (default: the key)."),
        ),
    ),
    "space rename": (
        (),
        (
            ("text", False),
            ("text", False),
        ),
        (
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "space delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "space pull": (
        (),
        (
            ("text", False),
        ),
        (
            (("--output",), "files", False, "Write to this file instead of stdout."),
            (("--revision",), "text", False, "Use an older revision."),
            (("--format",), ("yaml", "json"), False, "Output format (default: by the file's extension, YAML on stdout)."),
        ),
    ),
    "space push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--force",), None, False, "Overwrite changes made since you pulled."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "space history": (
        (),
        (
            ("text", False),
        ),
        (
            (("--limit",), "text", False, "Maximum number to list."),
        ),
    ),
    "space validate": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
        ),
    ),
    "space diff": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
        ),
    ),
    "env": (
        (
            ("list", "List the environments of a Space and the collections that are live in each."),
            ("pull", "Write the delivery of an environment to stdout or a file."),
            ("push", "Replace the delivery of an environment with a document."),
            ("history", "List the changes to the delivery of an environment, newest first."),
            ("diff", "Compare the deliveries of two revisions or two environments."),
            ("restore", "Restore an older revision as a new one. Fails if it needs model parts or tribes that no longer exist."),
            ("publish", "Publish collections."),
            ("unpublish", "Unpublish collections. Apps see their entities as disabled."),
            ("key", "Manage the public keys (pk_...) of an environment, such as one per platform."),
            ("signing", "Manage signed IDs: the server accepts a user ID only with a signature from your back end."),
        ),
        (),
        (),
    ),
    "env list": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
        ),
    ),
    "env pull": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--output",), "files", False, "Write to this file instead of stdout."),
            (("--revision",), "text", False, "Use an older revision."),
            (("--format",), ("yaml", "json"), False, "Output format (default: by the file's extension, YAML on stdout)."),
        ),
    ),
    "env push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--force",), None, False, "Overwrite changes made since you pulled."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
            (("--dry-run",), None, False, "Check the document and count the people that it affects. Push nothing."),
            (("--impact",), None, False, "With --dry-run: show who gains and loses each scenario."),
        ),
    ),
    "env history": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--limit",), "text", False, "Maximum number to list."),
        ),
    ),
    "env diff": (
        (),
        (),
        (
            (("--from",), "text", False, "Revision or environment name (default: the revision before --to)."),
            (("--to",), "text", False, "Revision or environment name (default: the current delivery)."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env restore": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "env publish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "env unpublish": (
        (),
        (
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "env key": (
        (
            ("create", "Create a key and print it to stdout."),
            ("list", "List the keys of an environment, including revoked ones."),
            ("revoke", "Revoke a key. Apps that use it get fallbacks."),
        ),
        (),
        (),
    ),
    "env key create": (
        (),
        (),
        (
            (("--name",), "text", False, "Description of its use, such as the platform."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env key list": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env key revoke": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env signing": (
        (
            ("show", "Print the secret for signing user IDs to stdout."),
            ("require", "Require signed user IDs. Make sure that your back end signs them first."),
            ("rotate", "Rotate the signing secret. Existing signatures stop working."),
            ("off", "Accept unsigned user IDs again."),
        ),
        (),
        (),
    ),
    "env signing show": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env signing require": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env signing rotate": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "env signing off": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "user": (
        (
            ("list", "List users, in no particular order."),
            ("search", "Find users by part of their user ID or e-mail address (case-insensitive)."),
            ("get", "Show the profile of a user."),
            ("export", "Export all data of a user: profile, visitors, devices, sessions and events."),
            ("delete", "Permanently delete a user and all related data."),
            ("ingest", "Import users from a file. New users are created, existing ones updated."),
            ("tag", "Add tags to a user."),
            ("untag", "Remove tags from a user."),
        ),
        (),
        (),
    ),
    "user list": (
        (),
        (),
        (
            (("--tag",), "text", False, "Only people with this tag or one below it."),
            (("--attribute",), "text", False, "Only people with this attribute value."),
            (("--limit",), "text", False, "Maximum number to list."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "user search": (
        (),
        (
            ("text", False),
        ),
        (
            (("--tag",), "text", False, "Only people with this tag or one below it."),
            (("--attribute",), "text", False, "Only people with this attribute value."),
            (("--limit",), "text", False, "Maximum number to list."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "user get": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "user export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--output",), "files", False, "Write to this file instead of stdout."),
        ),
    ),
    "user delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "user ingest": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--format",), ("csv", "ndjson", "json"), False, "Input format (default: detected from the extension or the content)."),
            (("--delimiter",), "text", False, "CSV delimiter: , ; | or tab (default: detected)."),
            (("--encoding",), "text", False, "Encoding of the input, such as cp1252 (default: UTF-8, or by its BOM)."),
            (("--map",), "text", True, "Map a column to a field. COLUMN= skips the column. Repeatable."),
            (("--type",), "text", True, "Type of a CSV column: text, number, boolean or date (default: text). Repeatable."),
            (("--rejects",), "files", False, "File for rejected rows (default: next to the input)."),
            (("--max-errors",), "text", False, "Stop after more than this many rejected rows."),
            (("--dry-run",), None, False, "Validate the input locally without sending it."),
        ),
    ),
    "user tag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "user untag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "visitor": (
        (
            ("list", "List visitors, in no particular order."),
            ("get", "Show the profile of a visitor."),
            ("export", "Export all data of a visitor: profile, devices, sessions and events."),
            ("delete", "Permanently delete a visitor and all related data."),
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
            (("--search",), "text", False, "Only visitors whose anonymous ID or e-mail address contains this text."),
            (("--tag",), "text", False, "Only people with this tag or one below it."),
            (("--attribute",), "text", False, "Only people with this attribute value."),
            (("--limit",), "text", False, "Maximum number to list."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "visitor get": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "visitor export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--output",), "files", False, "Write to this file instead of stdout."),
        ),
    ),
    "visitor delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "visitor tag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "visitor untag": (
        (),
        (
            ("text", False),
            ("text", True),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "tag": (
        (
            ("list", "List the tags in use, in alphabetical order."),
            ("delete", "Delete a tag from every user and visitor of an environment."),
        ),
        (),
        (),
    ),
    "tag list": (
        (),
        (),
        (
            (("--search",), "text", False, "Only tags that contain this text."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "tag delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
            (("--yes",), None, False, "Skip the confirmation prompt."),
        ),
    ),
    "tribe": (
        (
            ("list", "List the tribes of a Space."),
            ("show", "Show one tribe with its filters."),
            ("pull", "Write all tribes of a Space to stdout or a file."),
            ("push", "Replace all tribes of the Space that the document names."),
            ("history", "List the changes to the tribes of a Space, newest first."),
            ("delete", "Delete a tribe. Fails if a scenario targets it."),
            ("count", "Count the users and visitors in a tribe."),
            ("explain", "Explain why a person is in a tribe or not: the value and result of each filter."),
            ("export", "Export the current users of a tribe to a file or stdout. If interrupted, run the same command to resume."),
        ),
        (),
        (),
    ),
    "tribe list": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
        ),
    ),
    "tribe show": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
        ),
    ),
    "tribe pull": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--output",), "files", False, "Write to this file instead of stdout."),
            (("--revision",), "text", False, "Use an older revision."),
            (("--format",), ("yaml", "json"), False, "Output format (default: by the file's extension, YAML on stdout)."),
        ),
    ),
    "tribe push": (
        (),
        (
            ("files", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--force",), None, False, "Overwrite changes made since you pulled."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
            (("--dry-run",), None, False, "Check the document and count the people that it affects. Push nothing."),
        ),
    ),
    "tribe history": (
        (),
        (),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--limit",), "text", False, "Maximum number to list."),
        ),
    ),
    "tribe delete": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--note",), "text", False, "Reason for the history: one line, at most 200 characters."),
        ),
    ),
    "tribe count": (
        (),
        (
            ("text", False),
        ),
        (
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "tribe explain": (
        (),
        (
            ("text", False),
        ),
        (
            (("--user",), "text", False, "User ID."),
            (("--visitor",), "text", False, "Anonymous ID of a visitor, instead of a user."),
            (("--field",), "text", True, "Field that the app sends at session start. Repeatable."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "tribe export": (
        (),
        (
            ("text", False),
        ),
        (
            (("--output",), "files", False, "Write to this file instead of stdout."),
            (("--format",), ("csv", "ndjson", "json"), False, "Output format (default: by the extension of --output, CSV on stdout)."),
            (("--columns",), "text", False, "Columns of the CSV, separated by commas."),
            (("--since",), "text", False, "Only users that changed since an earlier export."),
            (("--raw",), None, False, "Do not escape cells that a spreadsheet would run as formulas."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "session": (
        (
            ("explain", "Explain what a person sees and why: the scenarios of each entity and the filters of their tribes."),
        ),
        (),
        (),
    ),
    "session explain": (
        (),
        (),
        (
            (("--user",), "text", False, "User ID."),
            (("--anonymous-id", "--visitor"), "text", False, "Anonymous ID of a visitor, instead of a user."),
            (("--field",), "text", True, "Field that the app sends at session start. Repeatable."),
            (("--at",), "text", False, "Start of the session, as an RFC 3339 timestamp (default: now)."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "event": (
        (
            ("track", "Record an event for a user, as an app would."),
            ("names", "List the names of recorded events and compare them with the model."),
            ("tail", "Show events and sessions as they arrive, until Ctrl-C."),
            ("export", "Export events to a file or stdout. If interrupted, run the same command to resume."),
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
            (("--user",), "text", False, "User ID."),
            (("--meta",), "text", True, "Metadata, at most three pairs. Repeatable."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "event names": (
        (),
        (),
        (
            (("--search",), "text", False, "Only names that contain this text (case-insensitive)."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "event tail": (
        (),
        (),
        (
            (("--name",), "text", False, "Only events with this name. Excludes sessions."),
            (("--user",), "text", False, "Only events and sessions of this user."),
            (("--visitor",), "text", False, "Only events and sessions of the visitor with this anonymous ID."),
            (("--limit",), "text", False, "Stop after this many events and sessions."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "event export": (
        (),
        (),
        (
            (("--output",), "files", False, "Write to this file instead of stdout."),
            (("--format",), ("csv", "ndjson", "json"), False, "Output format (default: by the extension of --output, CSV on stdout)."),
            (("--columns",), "text", False, "Columns of the CSV, separated by commas."),
            (("--name",), "text", False, "Only events with this name."),
            (("--user",), "text", False, "Only events of this user."),
            (("--raw",), None, False, "Do not escape cells that a spreadsheet would run as formulas."),
            (("--space",), "text", False, "Space (default: the one in mtribes.toml)."),
            (("--environment",), ("production", "staging", "development"), False, "production, staging or development. Required unless set in mtribes.toml."),
        ),
    ),
    "doctor": (
        (),
        (),
        (),
    ),
    "help": (
        (),
        (
            (("exit-codes", "environment", "files"), False),
        ),
        (),
    ),
    "completion": (
        (
            ("install", "Install the completion script for your shell. Shell settings are not changed."),
            ("show", "Print the completion script of a shell."),
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
