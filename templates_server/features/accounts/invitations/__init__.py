"""Invitations into an organization: a link that whoever invites hands over. The page behind it is in `pages`."""
